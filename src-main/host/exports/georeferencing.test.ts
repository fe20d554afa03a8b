import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import type { Run } from "#shared/training/run.ts";
import { openRaster } from "../../raster/index.ts";
import type { ClassSource } from "./class-source.ts";
import { classFileOptions, writeClassFile } from "./copy-mask.ts";
import { maskCompanions } from "./merge-files.ts";
import { fileOptions } from "./write-export.ts";
import { writeWithCompanions } from "./write-with-companions.ts";

const root = path.join(import.meta.dirname, "../../..");
const folders = [path.join(root, "fixtures/rasters"), path.join(root, "../shared/data/readers")];
/** A larger file shows nothing about its place that a smaller one doesn't. */
const mostPixels = 4e6;

const classes = [
  { id: 0, name: "land & <sea>", color: "#b7a98c" },
  { id: 1, name: "Häuser", color: "#d55e00" },
  { id: 4, name: "road", color: "#f0e442" },
];

const patternIds = [0, 1, 4, 255];

/** A pattern of classes 0, 1, 4 and nothing that no shift or mirroring leaves the same. */
function patterned(width: number, height: number): ClassSource {
  return {
    width,
    height,
    readIds: (window) =>
      Promise.resolve(
        Uint8Array.from({ length: window.width * window.height }, (_, at) =>
          idAt(window.x + (at % window.width), window.y + Math.floor(at / window.width)),
        ),
      ),
    readConfidence: (window) =>
      Promise.resolve(
        Uint8Array.from({ length: window.width * window.height }, (_, at) =>
          confidenceAt(window.x + (at % window.width), window.y + Math.floor(at / window.width)),
        ),
      ),
  };
}

function idAt(x: number, y: number): number {
  return patternIds[(x * x + 3 * y + (x >> 5) * (y >> 4)) & 3] ?? 0;
}

function confidenceAt(x: number, y: number): number {
  return (x * 5 + y * 3 + (x >> 4) * (y >> 3)) & 255;
}

const run = {
  id: "run-0123456789",
  name: "My run",
  settings: { architecture: "unet" },
  classes: classes.map((landClass) => ({ ...landClass, ignore: false })),
  best: null,
} as unknown as Run;

const confidenceScript = `
import hashlib, json, sys, warnings
warnings.filterwarnings("ignore")
import rasterio
from rio_cogeo.cogeo import cog_validate

found = []
for source, target in json.load(open(sys.argv[1])):
    with rasterio.open(source) as a, rasterio.open(target) as b:
        valid, errors, _ = cog_validate(target, quiet=True)
        found.append({
            "sha": hashlib.sha256(b.read(1).tobytes()).hexdigest(),
            "transform": list(a.transform) == list(b.transform),
            "crs": (a.crs.to_wkt() if a.crs else None) == (b.crs.to_wkt() if b.crs else None),
            "point": a.tags().get("AREA_OR_POINT") == b.tags().get("AREA_OR_POINT"),
            "nodata": b.nodata,
            "band": b.descriptions[0],
            "content": b.tags().get("ORTHOMASK_CONTENT"),
            "errors": errors,
            "valid": valid,
        })
print(json.dumps(found))
`;

const script = `
import hashlib, json, sys, warnings
warnings.filterwarnings("ignore")
import rasterio
from rasterio.shutil import copy
from rio_cogeo.cogeo import cog_validate

def valid(target):
    """Or judged like GDAL's own COG of the same pixels: a level exactly as wide as a tile counts as not tiled."""
    verdict = cog_validate(target, quiet=True)
    if verdict[0]:
        return True
    copy(target, target + ".gdal.tif", driver="COG", blocksize=512, overview_resampling="mode")
    return cog_validate(target + ".gdal.tif", quiet=True)[:2] == verdict[:2]

found = []
for source, target in json.load(open(sys.argv[1])):
    try:
        with rasterio.open(source) as a, rasterio.open(target) as b:
            colors = b.colormap(1)
            found.append({
                "sha": hashlib.sha256(b.read(1).tobytes()).hexdigest(),
                "size": [b.width, b.height] == [a.width, a.height],
                "transform": list(a.transform) == list(b.transform),
                "crs": (a.crs.to_wkt() if a.crs else None) == (b.crs.to_wkt() if b.crs else None),
                "point": a.tags().get("AREA_OR_POINT") == b.tags().get("AREA_OR_POINT"),
                "colors": ["#%02x%02x%02x" % colors[i][:3] for i in (0, 1, 4)],
                "names": b.tags().get("CLASS_NAMES"),
                "nodata": b.nodata,
                "valid": valid(target),
            })
    except Exception as error:
        found.append({"error": str(error)})
print(json.dumps(found))
`;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "orthomask-places-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe.skipIf(peerPython() === undefined)(
  "a mask exported on a raster's grid (skipped without the Python peers)",
  () => {
    it.each(folders.map((folder) => [path.relative(root, folder), folder] as const))(
      "lies where GDAL finds the raster, for every georeferenced file of %s (skipped where it is absent)",
      { timeout: 120_000 },
      async (_, folder) => {
        if (!existsSync(folder)) {
          console.warn(`Skipped: ${folder} is not there.`);
          return;
        }
        const pairs: [string, string][] = [];
        const hashes: string[] = [];
        for (const name of readdirSync(folder).filter((file) => /\.(tiff?|png|jpe?g)$/i.test(file))) {
          const source = path.join(folder, name);
          const image = await openRaster(source).catch(() => null);
          if (image === null) {
            continue;
          }
          const { width, height, geotransform } = image.description;
          if (geotransform !== null && width * height <= mostPixels) {
            const target = path.join(scratch, `${pairs.length}-${path.parse(name).name}.tif`);
            const pattern = patterned(width, height);
            await writeWithCompanions(target, (stage) =>
              writeClassFile(target, pattern, "readIds", classFileOptions(image, classes, {}), {
                beforeRename: () => stage(maskCompanions(target, classes)),
              }),
            );
            const whole = await pattern.readIds({ x: 0, y: 0, width, height }, {});
            hashes.push(createHash("sha256").update(whole).digest("hex"));
            pairs.push([source, target]);
          }
          await image.close();
        }
        expect(pairs.length).toBeGreaterThan(20);
        const list = path.join(scratch, "pairs.json");
        await writeFile(list, JSON.stringify(pairs));
        const found = z.array(z.record(z.string(), z.unknown())).parse(await runPeer(script, [list]));
        const differing = found
          .map((seen, index) => ({ name: path.basename(pairs[index]?.[0] ?? ""), sha: hashes[index], seen }))
          .filter(({ sha, seen }) => {
            const expected = {
              sha,
              size: true,
              transform: true,
              crs: true,
              point: true,
              colors: classes.map(({ color }) => color),
              names: JSON.stringify(Object.fromEntries(classes.map(({ id, name }) => [String(id), name]))),
              nodata: 255,
              valid: true,
            };
            return JSON.stringify(expected) !== JSON.stringify(seen);
          });
        expect(differing).toEqual([]);
      },
    );

    it("is valid as a confidence too, in the same place", { timeout: 120_000 }, async () => {
      const pairs: [string, string][] = [];
      const hashes: string[] = [];
      for (const name of ["rotated", "point", "crs-omerc", "crs-polar-south", "overviews", "mask"]) {
        const source = path.join(root, `fixtures/rasters/${name}.tif`);
        const target = path.join(scratch, `confidence-${name}.tif`);
        const image = await openRaster(source);
        const { width, height } = image.description;
        const pattern = patterned(width, height);
        const options = fileOptions("confidence", { image, run, version: "test" });
        await writeClassFile(target, pattern, "readConfidence", options, {});
        await image.close();
        const whole = await pattern.readConfidence({ x: 0, y: 0, width, height }, {});
        hashes.push(
          createHash("sha256")
            .update(whole ?? new Uint8Array())
            .digest("hex"),
        );
        pairs.push([source, target]);
      }
      const list = path.join(scratch, "confidences.json");
      await writeFile(list, JSON.stringify(pairs));
      expect(await runPeer(confidenceScript, [list])).toEqual(
        hashes.map((sha) => ({
          sha,
          transform: true,
          crs: true,
          point: true,
          nodata: null,
          band: "confidence, 0 to 255",
          content: "confidence",
          errors: [],
          valid: true,
        })),
      );
    });
  },
);
