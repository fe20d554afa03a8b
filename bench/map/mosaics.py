"""Makes the mosaics of the map's and the raster engine's measurements: mosaics.py FOLDER LAYOUT WIDTH HEIGHT COLUMN [IMAGES].

One RGB image in EPSG:32640 whose pixels are neither flat nor noise, as imagery is; with a folder of IMAGES it shows those, side by side. LAYOUT is one of the four of
`../shared/design/raster.md`, "sixteen" (16-bit, dark), or "sparse": tiles of which only every eighth is written, so that a very large mosaic is
small on disk. COLUMN places mosaics side by side.
"""

import json
import os
import sys

import numpy
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window

LAYOUTS = {
    "strips": dict(tiled=False, compress="none", blockysize=1),
    "jpeg": dict(tiled=True, compress="jpeg", photometric="ycbcr", blockxsize=256, blockysize=256),
    "deflate": dict(tiled=True, compress="deflate", predictor=2, blockxsize=256, blockysize=256),
    "sixteen": dict(tiled=True, compress="deflate", predictor=2, blockxsize=256, blockysize=256),
    "lzw": dict(tiled=False, compress="lzw", blockysize=1),
    "sparse": dict(
        tiled=True, compress="deflate", predictor=2, blockxsize=256, blockysize=256, BIGTIFF="YES", SPARSE_OK="TRUE"
    ),
}


def patch(rows: int, columns: int, seed: int) -> numpy.ndarray:
    """Fields with edges, a slope of light, and grain."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:rows, 0:columns]
    fields = random.integers(40, 200, (3, rows // 64 + 1, columns // 96 + 1))
    base = fields[:, y // 64, x // 96].astype(numpy.int16)
    light = (20 * numpy.sin(x / 211.0) + 15 * numpy.cos(y / 173.0)).astype(numpy.int16)
    grain = random.integers(-6, 7, (rows, columns), dtype=numpy.int16)
    return numpy.clip(base + light + grain, 0, 255).astype(numpy.uint8)


def imagery(images: str, width: int, height: int) -> numpy.ndarray:
    """The images of a folder one after the other, again and again, each time mirrored another way."""
    pictures = []
    for name in sorted(os.listdir(images)):
        with rasterio.open(os.path.join(images, name)) as source:
            pictures.append(source.read([1, 2, 3]))
    rows = min(picture.shape[1] for picture in pictures)
    found = numpy.empty((3, height, width), numpy.uint8)
    used = 0
    for top in range(0, height, rows):
        left = 0
        while left < width:
            picture = pictures[used % len(pictures)]
            turn = used // len(pictures)
            used += 1
            picture = picture[:, :: -1 if turn & 1 else 1, :: -1 if turn & 2 else 1]
            down, across = min(rows, height - top), min(picture.shape[2], width - left)
            found[:, top : top + down, left : left + across] = picture[:, :down, :across]
            left += across
    return found


def make(folder: str, layout: str, width: int, height: int, column: int, images: str | None = None) -> str:
    path = os.path.join(folder, f"{'' if images is None else 'imagery-'}{layout}-{width}.tif")
    if os.path.exists(path):
        return path
    profile = dict(
        driver="GTiff",
        width=width,
        height=height,
        count=3,
        dtype="uint16" if layout == "sixteen" else "uint8",
        crs="EPSG:32640",
        transform=from_origin(300000 + column * 9100 * 0.3, 2800000, 0.3, 0.3),
        **LAYOUTS[layout],
    )
    partial = path + ".making.tif"
    whole = None if images is None else imagery(images, width, height)
    piece = patch(2304, width if layout != "sparse" else 2304, seed=column)
    with rasterio.open(partial, "w", **profile) as target:
        if whole is not None:
            target.write(whole)
        elif layout == "sparse":
            for index in range((width // 256) * (height // 256)):
                row, col = divmod(index, width // 256)
                if (row * 5 + col * 3) % 8 == 0:
                    y, x = (row % 9) * 256, (col % 9) * 256
                    target.write(piece[:, y : y + 256, x : x + 256], window=Window(col * 256, row * 256, 256, 256))
        else:
            for top in range(0, height, 2304):
                rows = min(2304, height - top)
                rows_of = piece[:, :rows] if layout != "sixteen" else piece[:, :rows].astype("uint16") * 5 + 90
                target.write(rows_of, window=Window(0, top, width, rows))
    os.rename(partial, path)
    return path


if __name__ == "__main__":
    folder, layout, width, height, column, *images = sys.argv[1:]
    print(json.dumps(make(folder, layout, int(width), int(height), int(column), *images)))
