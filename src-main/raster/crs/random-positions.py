"""Random positions in coordinate systems, as PROJ has them: python random-positions.py requests.json [COUNT]

Each request is {"epsg": code} or {"path": raster} or {"wkt": text, "path": raster}. The answer for each is a list of [x, y, longitude,
latitude]: the position in the system, and in the geographic system below it, in degrees from Greenwich. Nothing in it depends on a datum shift.
"""

import json
import sys

import numpy as np
import pyproj
import rasterio

COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1000


def area_of(crs, path):
    """West, south, east, north in degrees: where the system is meant for, or else around the raster."""
    area = crs.area_of_use
    if area is not None:
        west, south, east, north = area.bounds
        return west, south, east if east > west else east + 360, north
    with rasterio.open(path) as source:
        bounds = source.bounds
    to_base = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    x = np.linspace(bounds.left, bounds.right, 9)
    y = np.linspace(bounds.bottom, bounds.top, 9)
    longitudes, latitudes = to_base.transform(*[axis.ravel() for axis in np.meshgrid(x, y)])
    inside = np.isfinite(longitudes) & np.isfinite(latitudes)
    longitudes, latitudes = longitudes[inside], latitudes[inside]
    return longitudes.min() - 1, latitudes.min() - 1, longitudes.max() + 1, latitudes.max() + 1


def positions(request, generator):
    path = request.get("path")
    if "epsg" in request:
        crs = pyproj.CRS.from_epsg(request["epsg"])
    elif "wkt" in request:
        crs = pyproj.CRS.from_wkt(request["wkt"])
    else:
        with rasterio.open(path) as source:
            crs = pyproj.CRS.from_wkt(source.crs.to_wkt())
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    base = crs.geodetic_crs
    west, south, east, north = area_of(crs, path)
    longitude = (generator.uniform(west, east, 4 * COUNT) + 180) % 360 - 180
    latitude = generator.uniform(max(south, -89.9), min(north, 89.9), 4 * COUNT)
    # Angles in the base's own unit, from its own meridian.
    meridian = base.prime_meridian
    unit = np.rad2deg(base.axis_info[0].unit_conversion_factor)
    greenwich = meridian.longitude * np.rad2deg(meridian.unit_conversion_factor)
    forward = pyproj.Transformer.from_crs(base, crs, always_xy=True)
    x, y = forward.transform((longitude - greenwich) / unit, latitude / unit)
    # A position on the far side of the world from the projection's centre may have no way back, or another one. PROJ before 9.6 is itself
    # up to 2 mm off on its way back from equal-area projections, so the way there is what counts as its word.
    back_longitude, back_latitude = forward.transform(x, y, direction="INVERSE")
    turn = (back_longitude * unit + greenwich - longitude + 180) % 360 - 180
    with np.errstate(invalid="ignore"):
        good = np.isfinite(x) & np.isfinite(y) & (np.abs(turn) < 1e-6) & (np.abs(back_latitude * unit - latitude) < 1e-6)
    rows = np.stack([x, y, longitude, latitude], axis=1)[good][:COUNT]
    return rows.tolist()


generator = np.random.default_rng(20260131)
print(json.dumps([positions(request, generator) for request in json.load(open(sys.argv[1]))]))
