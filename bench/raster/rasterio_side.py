"""Readings of one raster by rasterio with its default settings: rasterio_side.py PATH in-order|random TIMES.

The same windows as orthomask-side.ts, one after the other. Prints JSON.
"""

import json
import sys
import time

import rasterio
from rasterio.windows import Window


def peak_megabytes() -> float:
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        return float("nan")


path, work, times = sys.argv[1:]
state = 7
first_pixels = 0


def number(limit: int) -> int:
    global state
    state = state * 48271 % 2147483647
    return state % limit


def read(source, x: int, y: int, side: int) -> None:
    global first_pixels
    pixels = source.read(window=Window(x, y, min(side, source.width - x), min(side, source.height - y)))
    first_pixels += int(pixels[0, 0, 0])


milliseconds = []
for _ in range(int(times)):
    state = 7
    first_pixels = 0
    before = time.perf_counter()
    with rasterio.open(path) as source:
        if work == "in-order":
            for y in range(0, source.height, 512):
                for x in range(0, source.width, 512):
                    read(source, x, y, 512)
        else:
            for _ in range(2000):
                x = number(max(1, source.width - 256))
                y = number(max(1, source.height - 256))
                read(source, x, y, 256)
    milliseconds.append((time.perf_counter() - before) * 1000)
print(
    json.dumps(
        {
            "milliseconds": milliseconds,
            "peakMegabytes": peak_megabytes(),
            "firstPixels": first_pixels,
            "version": rasterio.__version__,
        }
    )
)
