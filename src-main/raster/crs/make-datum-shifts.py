"""Writes datum-shifts.json: PROJ's own shift to WGS 84 for the EPSG codes where the table of `epsg-index` has another or none.

    python src-main/raster/crs/make-datum-shifts.py      # in a checkout after `npm install`; needs pyproj

The package's table mixes conventions: some rotations are those of a coordinate frame and some in microradians, both of which proj4js takes
for position-vector arc seconds. That is 170 m in the Netherlands. Here each shift is the best operation without grid files over the system's own
area, as metres, arc seconds (position vector) and parts per million.
"""

import json
import os
import re
import warnings

import pyproj
from pyproj.aoi import AreaOfInterest
from pyproj.transformer import TransformerGroup

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "../../../node_modules/epsg-index/all.json")


def shift_of(definition):
    steps = [step for step in definition.split("step") if "proj=helmert" in step]
    if len(steps) != 1 or re.search(r"proj=(hgridshift|gridshift|molobadekas|geogoffset|affine)", definition):
        return None if steps or "noop" not in definition else [0.0] * 3
    step = steps[0]
    get = lambda name: float((re.search(rf"\b{name}=(\S+)", step) or [0, "0"])[1])
    values = [get(name) for name in ("x", "y", "z", "rx", "ry", "rz", "s")]
    if re.search(r"\bdrx=|\bdx=|\bt_epoch=", step):
        return None
    if " inv " in step:
        values = [-value for value in values]
    if "convention=coordinate_frame" in step:
        values[3:6] = [-value for value in values[3:6]]
    values = [round(value, 9) + 0.0 for value in values]
    return values if any(values[3:]) else values[:3]


known = {}
found = {}
for code, entry in json.load(open(TABLE)).items():
    if entry["kind"] not in ("CRS-PROJCRS", "CRS-GEOGCRS") or not entry["proj4"] or int(code) > 32767:
        continue
    try:
        system = pyproj.CRS.from_epsg(int(code))
        base = system.geodetic_crs
        area = system.area_of_use
        key = (base.name, base.to_epsg(), area.bounds)
        if key not in known:
            aoi = AreaOfInterest(*area.bounds)
            group = TransformerGroup(base, 4326, always_xy=True, area_of_interest=aoi, allow_ballpark=False)
            shifts = [shift_of(candidate.definition) for candidate in group.transformers]
            known[key] = next((shift for shift in shifts if shift is not None), None)
        shift = known[key]
    except Exception:
        continue
    if shift is None:
        continue
    stated = re.search(r"\+towgs84=(\S+)", entry["proj4"])
    theirs = [float(word) for word in stated[1].split(",")] if stated else None
    if theirs is None and ("+datum=WGS84" in entry["proj4"] or "+datum=NAD83" in entry["proj4"]) and not any(shift):
        continue
    if theirs is not None:
        padded = lambda values: values + [0.0] * (7 - len(values))
        if all(abs(a - b) < 1e-4 for a, b in zip(padded(shift), padded(theirs))):
            continue
    if "nadgrids=@null" in entry["proj4"] or "+datum=WGS84" in entry["proj4"]:
        continue
    text = ",".join("%.10g" % value for value in shift)
    found.setdefault(text, []).append(int(code))

with open(os.path.join(HERE, "datum-shifts.json"), "w") as target:
    lines = ["  %s: %s" % (json.dumps(shift), json.dumps(codes, separators=(",", ":"))) for shift, codes in sorted(found.items())]
    target.write("{\n" + ",\n".join(lines) + "\n}\n")
print(len(found), "shifts for", sum(map(len, found.values())), "codes")
