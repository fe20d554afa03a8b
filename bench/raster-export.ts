import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { peerPython, runPeer } from "../fixtures/peers.ts";
import { sampleOf, type Bench, type BenchReport, type BenchRow } from "./harness/bench.ts";
import { disturbanceOf, OthersLoad } from "./harness/processor-time.ts";
import { provideMosaic } from "./map/provide-mosaic.ts";
import { buildSide } from "./raster/build-side.ts";
import { keptMask } from "./raster/made-up-mask.ts";

const runFile = promisify(execFile);
const peakSchema = z.object({ peakMegabytes: z.number() });
const peaksSchema = z.array(peakSchema.extend({ work: z.string() }));
const layouts = ["strips", "jpeg", "deflate", "lzw"] as const;
const images = join(import.meta.dirname, "../../shared/data/dubai/images");
const validateScript = `import sys
from rio_cogeo.cogeo import cog_validate
valid, errors, warnings = cog_validate(sys.argv[1], quiet=True)
assert valid, errors
print("true")`;

/**
 * Exports of a class mask against GDAL's own programs. Words: `cog` or `polygons` for one of the two, `together` for the memory of a process that does all, `draw` only makes the mask, `large`
 * takes 36,000² pixels, polygons by ours alone; `rounds=N` takes another number of turns than three.
 */
export const bench: Bench = {
  title: "Exports of a class mask",
  method:
    "A made-up mask of five classes in patches, one pixel in 200 a speck. Cloud Optimized GeoTIFF with overviews by mode, Deflate level 6, 512 × 512 tiles, against `gdal_translate -of COG`; polygons as GeoPackage, 4-connected, against `gdal_polygonize.py`. Both read the same file, in turns; either side is a program of its own, timed from its start to its end. COGs pass `rio cogeo validate`. *One process*: the windows of the raster benchmark in order and at random, the COG and the polygons one after the other, with the setting of the app's host; its largest memory until each is done.",
  async run(words, keep): Promise<BenchReport> {
    const isLarge = words.includes("large");
    const [width, height] = isLarge ? [36_000, 36_000] : [9000, 9500];
    const rounds = words.find((word) => word.startsWith("rounds="))?.slice("rounds=".length);
    const mask = await keptMask(width, height);
    const versions: Record<string, string> = {};
    const rows: BenchRow[] = [];
    if (words.includes("draw")) {
      return { versions, rows };
    }
    const gdal = await runFile("gdal_translate", ["--version"]).then(
      ({ stdout }) => /GDAL ([\d.]+)/.exec(stdout)?.[1] ?? "?",
      () => null,
    );
    if (gdal !== null) {
      versions["GDAL"] = gdal;
    }
    const folder = await mkdtemp(join(tmpdir(), "orthomask-bench-"));
    try {
      const all = !["cog", "polygons", "together"].some((word) => words.includes(word));
      const how = {
        program: await buildSide("export-side"),
        mask,
        folder,
        work: `mask of ${width} × ${height}`,
        rounds: rounds === undefined ? (isLarge ? 1 : 3) : Number(rounds),
        withPeer: gdal !== null,
        isLarge,
      };
      for (const [word, measure] of [
        ["cog", timeCog],
        ["polygons", timePolygons],
        ["together", measureTogether],
      ] as const) {
        if (all || words.includes(word)) {
          rows.push(...(await measure(how)));
          keep({ versions, rows });
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { versions, rows };
  },
};

interface Setting {
  readonly program: string;
  readonly mask: string;
  readonly folder: string;
  readonly work: string;
  readonly rounds: number;
  readonly withPeer: boolean;
  readonly isLarge: boolean;
}

async function timeCog(setting: Setting): Promise<BenchRow[]> {
  const { mask, folder, work } = setting;
  const translate = (threads: string): Promise<unknown> =>
    runFile("gdal_translate", [
      "-q",
      ...["-of", "COG"],
      ...[
        "COMPRESS=DEFLATE",
        "LEVEL=6",
        "BLOCKSIZE=512",
        "OVERVIEW_RESAMPLING=MODE",
        "BIGTIFF=IF_SAFER",
        `NUM_THREADS=${threads}`,
      ].flatMap((option) => ["-co", option]),
      mask,
      join(folder, `gdal-${threads}.tif`),
    ]);
  const { ours, peaks, theirs, disturbance } = await takeTurns(setting, "cog", "ours.tif", [
    () => translate("1"),
    () => translate("ALL_CPUS"),
  ]);
  if (peerPython() !== undefined) {
    await runPeer(validateScript, [join(folder, "ours.tif")]);
  }
  const [alone = [], threaded = []] = theirs;
  return [
    { ...row(work, "COG with overviews", ours, "gdal_translate", alone, 1), ...disturbance },
    {
      ...row(
        work,
        "COG with overviews, all threads",
        ours,
        "gdal_translate NUM_THREADS=ALL_CPUS",
        threaded,
        null,
      ),
      ...disturbance,
    },
    memoryRow(work, "COG", peaks),
  ];
}

async function timePolygons(setting: Setting): Promise<BenchRow[]> {
  const { mask, folder, work } = setting;
  const polygonize = (round: number): Promise<unknown> => {
    const output = join(folder, `gdal-${round}.gpkg`);
    return runFile("gdal_polygonize.py", ["-q", "-f", "GPKG", mask, output, "mask", "class_id"], {
      maxBuffer: 1 << 28,
    });
  };
  // GDAL would take a quarter of an hour for 36,000² pixels.
  const turns = { ...setting, withPeer: setting.withPeer && !setting.isLarge };
  const { ours, peaks, theirs, disturbance } = await takeTurns(turns, "polygons", "ours.gpkg", [polygonize]);
  return [
    {
      ...row(work, "polygons as GeoPackage", ours, "gdal_polygonize", theirs[0] ?? [], 1),
      ...disturbance,
    },
    memoryRow(work, "polygons", peaks),
  ];
}

/** All of it in one process, one after the other. */
async function measureTogether({ mask, folder, isLarge }: Setting): Promise<BenchRow[]> {
  if (peerPython() === undefined) {
    // GDAL makes the mosaics.
    return [];
  }
  const rasters: string[] = [];
  if (isLarge) {
    rasters.push(await provideMosaic("sparse", 36_000, 36_000, 0));
  } else {
    for (const layout of layouts) {
      rasters.push(await provideMosaic(layout, 9000, 9500, 0, existsSync(images) ? images : null));
    }
  }
  const program = await buildSide("together-side");
  const { stdout } = await runFile(process.execPath, [program, mask, folder, ...rasters]);
  const what = isLarge ? "a sparse image and a mask of 36000²" : "images and a mask of 9000 × 9500";
  return peaksSchema
    .parse(JSON.parse(stdout))
    .map(({ work, peakMegabytes }) => memoryRow(`one process, ${what}`, work, [peakMegabytes]));
}

/** Exports by our side and by its peers, one after the other, again and again; times in milliseconds, those of the peers one list each. */
async function takeTurns(
  { program, mask, folder, rounds, withPeer }: Setting,
  what: "cog" | "polygons",
  output: string,
  peers: readonly ((round: number) => Promise<unknown>)[],
): Promise<{
  readonly ours: number[];
  readonly peaks: number[];
  readonly theirs: readonly number[][];
  readonly disturbance: { readonly othersPercent?: number };
}> {
  const others = new OthersLoad([]);
  const ours: number[] = [];
  const peaks: number[] = [];
  const theirs = peers.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    ours.push(
      await timed(async () => {
        peaks.push(await runOurs(program, what, mask, join(folder, output)));
      }),
    );
    for (const [index, peer] of withPeer ? peers.entries() : []) {
      theirs[index]?.push(await timed(() => peer(round)));
    }
  }
  return { ours, peaks, theirs, disturbance: disturbanceOf(others.percent()) };
}

/** Exports by our side; answers its largest resident memory in MB. */
async function runOurs(
  program: string,
  what: "cog" | "polygons",
  mask: string,
  output: string,
): Promise<number> {
  const { stdout } = await runFile(process.execPath, [program, what, mask, output]);
  return peakSchema.parse(JSON.parse(stdout)).peakMegabytes;
}

function memoryRow(work: string, what: string, megabytes: readonly number[]): BenchRow {
  return {
    work,
    measure: `resident memory at most, ${what}`,
    unit: "MB",
    ours: sampleOf(megabytes),
    peer: null,
    target: { of: "value", atMost: 600 },
  };
}

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
