import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { exportMaskFile } from "../src-main/host/exports/index.ts";
import { copyMask } from "../src-main/host/exports/copy-mask.ts";
import { createGeoTiffWriter, crsFromEpsg, geoTagsFor } from "../src-main/raster/index.ts";
import { sampleOf, type Bench, type BenchReport, type BenchRow } from "./harness/bench.ts";

const runFile = promisify(execFile);
const side = 512;
const rounds = 3;

/** Exports of a class mask against GDAL's own programs. */
export const bench: Bench = {
  title: "Exports of a class mask",
  method:
    "A made-up mask of five classes in patches, one pixel in 200 a speck. Cloud Optimized GeoTIFF with overviews by mode, Deflate level 6, 512 × 512 tiles, against `gdal_translate -of COG`; polygons as GeoPackage, 4-connected, against `gdal_polygonize.py`. Both read the same file.",
  async run(words): Promise<BenchReport> {
    const [width, height] = words.includes("large") ? [36_000, 36_000] : [9000, 9500];
    const folder = await mkdtemp(join(tmpdir(), "orthomask-bench-"));
    const rows: BenchRow[] = [];
    const versions: Record<string, string> = {};
    try {
      const mask = join(folder, "mask.tif");
      await drawMask(mask, width, height);
      const gdal = await runFile("gdal_translate", ["--version"]).then(
        ({ stdout }) => /GDAL ([\d.]+)/.exec(stdout)?.[1] ?? "?",
        () => null,
      );
      if (gdal !== null) {
        versions["GDAL"] = gdal;
      }
      const translate = (threads: string): string[] => [
        "-q",
        "-of",
        "COG",
        "-co",
        "COMPRESS=DEFLATE",
        "-co",
        "LEVEL=6",
        "-co",
        "BLOCKSIZE=512",
        "-co",
        "OVERVIEW_RESAMPLING=MODE",
        "-co",
        "BIGTIFF=IF_SAFER",
        "-co",
        `NUM_THREADS=${threads}`,
        mask,
        join(folder, `gdal-${threads}.tif`),
      ];
      const work = `mask of ${width} × ${height}`;
      const withPeer = gdal !== null && !words.includes("large");
      const ours: number[] = [];
      const theirs: number[] = [];
      const theirsThreaded: number[] = [];
      // In turns, so that both see the same machine.
      for (let round = 0; round < (words.includes("large") ? 1 : rounds); round += 1) {
        ours.push(await timed(() => copyMask(mask, join(folder, "ours.tif"), { version: "bench" })));
        if (withPeer) {
          theirs.push(await timed(() => runFile("gdal_translate", translate("1"))));
          theirsThreaded.push(await timed(() => runFile("gdal_translate", translate("ALL_CPUS"))));
        }
      }
      rows.push(row(work, "COG with overviews", ours, "gdal_translate", theirs, 1));
      rows.push(
        row(
          work,
          "COG with overviews, all threads",
          ours,
          "gdal_translate NUM_THREADS=ALL_CPUS",
          theirsThreaded,
          null,
        ),
      );
      const oursPolygons = await timed(() =>
        exportMaskFile(mask, join(folder, "ours.gpkg"), { simplify: 0, minArea: 0 }),
      );
      const theirPolygons = withPeer
        ? [
            await timed(() =>
              runFile(
                "gdal_polygonize.py",
                ["-q", "-f", "GPKG", mask, join(folder, "gdal.gpkg"), "mask", "class_id"],
                { maxBuffer: 1 << 28 },
              ),
            ),
          ]
        : [];
      rows.push(row(work, "polygons as GeoPackage", [oursPolygons], "gdal_polygonize", theirPolygons, 1));
      const memory = process.resourceUsage().maxRSS / 1024;
      rows.push({
        work,
        measure: "resident memory at most",
        unit: "MB",
        ours: sampleOf([memory]),
        peer: null,
        target: { of: "value", atMost: 600 },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return {
      versions,
      rows,
      notes: ["The memory is that of the benchmark's own process, its tools included."],
    };
  },
};

function row(
  work: string,
  measure: string,
  ours: readonly number[],
  name: string,
  theirs: readonly number[],
  atMost: number | null,
): BenchRow {
  return {
    work,
    measure,
    unit: "ms",
    ours: sampleOf(ours),
    peer: theirs.length === 0 ? null : { name, sample: sampleOf(theirs) },
    target: atMost === null ? null : { of: "ratio", atMost },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Patches of some hundred pixels with wavy rims, and specks. */
async function drawMask(path: string, width: number, height: number): Promise<void> {
  const writer = await createGeoTiffWriter(path, {
    width,
    height,
    bands: 1,
    dtype: "uint8",
    geoTags: geoTagsFor([0.25, 0, 500_000, 0, -0.25, 5_400_000], crsFromEpsg(32633)),
    nodata: 255,
    colorTable: { "0": "#b7a98c", "1": "#d55e00", "2": "#117733", "3": "#0072b2", "4": "#f0e442" },
    categoryNames: { "0": "land", "1": "buildings", "2": "woodlands", "3": "water", "4": "roads" },
  });
  let seed = 1;
  for (let row = 0; row < writer.tilesDown; row += 1) {
    for (let column = 0; column < writer.tilesAcross; column += 1) {
      const ids = new Uint8Array(side * side);
      for (let at = 0; at < ids.length; at += 1) {
        const x = column * side + (at % side);
        const y = row * side + Math.floor(at / side);
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        const wave =
          Math.sin(x / 97 + 3 * Math.sin(y / 211)) +
          Math.sin(y / 83 + 2 * Math.sin(x / 157)) +
          0.15 * Math.sin(x / 3) * Math.sin(y / 4);
        ids[at] =
          seed < 2 ** 32 / 200 ? (seed >>> 8) % 5 : Math.max(0, Math.min(4, Math.floor(2.5 + wave * 1.4)));
      }
      await writer.writeTile(column, row, ids);
    }
  }
  await writer.finish();
}
