import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { peerPython, runPeer } from "../fixtures/peers.ts";
import { sampleOf, type Bench, type BenchRow, type Target } from "./harness/bench.ts";
import { disturbanceOf, OthersLoad } from "./harness/processor-time.ts";
import { provideMosaic } from "./map/provide-mosaic.ts";
import { buildSide } from "./raster/build-side.ts";

const layouts = ["strips", "jpeg", "deflate", "lzw"] as const;
/** Processes of either side, in turns, so that neither has the machine's better minute to itself. */
const ROUNDS = 3;
/** Readings in one process; the first is told apart. */
const TIMES = 3;
const MOST_MEGABYTES = 600;
const LARGE_SIDE = 36_000;
const images = path.join(import.meta.dirname, "../../shared/data/dubai/images");

const sideSchema = z.object({
  milliseconds: z.array(z.number()).min(1),
  peakMegabytes: z.number(),
  /** The sum of the windows' first samples. */
  firstPixels: z.number(),
  version: z.string().optional(),
});
type Side = z.infer<typeof sideSchema>;

const works = [
  { name: "in-order", measure: "all windows of 512²", atMost: 1 },
  { name: "random", measure: "2,000 windows of 256² in random order", atMost: 1.2 },
] as const;

/** Words are layouts (`strips`, `jpeg`, `deflate`, `lzw`) and `large`, to measure only these; paths are files to measure instead. */
export const bench: Bench = {
  title: "Raster windows against rasterio",
  method:
    "A 9000 × 9500 RGB image in four layouts, filled with the aerial images of `../shared/data/dubai`, or drawn where they are missing. Each row is a process of its own on either side, which opens and reads the file three times; three processes of either side take turns. " +
    "rasterio has its default settings, Orthomask those of the app's host (random windows are asked for as a training asks), both sides take the same windows in the same order, one after the other. *First*: the first time, with threads to be started and code to be compiled; the others: the median of the six that came after a first one. " +
    `${LARGE_SIDE}²: Deflate tiles of which every eighth is stored, read once.`,
  run: async (words, keep) => {
    if (peerPython() === undefined) {
      return { versions: {}, rows: [], notes: ["Nothing was measured: rasterio is not here."] };
    }
    const ours = await buildSide("orthomask-side");
    const chosen = layouts.filter((layout) => words.includes(layout));
    const files = words.filter((word) => existsSync(word));
    const all = words.length === 0;
    const rows: BenchRow[] = [];
    let versions: Record<string, string> = {};
    const measure = async (file: string, work: string, rounds: number, times: number): Promise<void> => {
      for (const task of works) {
        const others = new OthersLoad([]);
        const own: Side[] = [];
        const peers: Side[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const [side, peer] = [
            await ourSide(ours, file, task.name, times),
            await peerSide(file, task.name, times),
          ];
          expectSameWindows(work, side, peer);
          versions = { rasterio: peer.version ?? "" };
          own.push(side);
          peers.push(peer);
        }
        const disturbance = disturbanceOf(others.percent());
        rows.push(...rowsOf(work, task, own, peers).map((row) => ({ ...row, ...disturbance })));
        keep({ versions, rows });
      }
    };
    for (const layout of all ? layouts : chosen) {
      const file = await provideMosaic(layout, 9000, 9500, 0, existsSync(images) ? images : null);
      await measure(file, `9000 × 9500, ${layout}`, ROUNDS, TIMES);
    }
    if (all || words.includes("large")) {
      const file = await provideMosaic("sparse", LARGE_SIDE, LARGE_SIDE, 0);
      await measure(file, `${LARGE_SIDE}², deflate, sparse`, 1, 1);
    }
    for (const file of files) {
      await measure(file, path.basename(file), ROUNDS, TIMES);
    }
    return { versions, rows };
  },
};

function rowsOf(
  work: string,
  task: (typeof works)[number],
  ours: readonly Side[],
  peers: readonly Side[],
): BenchRow[] {
  const ratio: Target = { of: "ratio", atMost: task.atMost };
  const firstOf = (sides: readonly Side[]): number[] =>
    sides.flatMap(({ milliseconds }) => milliseconds.slice(0, 1));
  const restOf = (sides: readonly Side[]): number[] =>
    sides.flatMap(({ milliseconds }) => milliseconds.slice(1));
  const peaksOf = (sides: readonly Side[]): number[] => sides.map(({ peakMegabytes }) => peakMegabytes);
  const row = (measure: string, own: number[], theirs: number[], target: Target | null): BenchRow => ({
    ...{ work, measure, unit: "ms", ours: sampleOf(own), target },
    peer: { name: "rasterio", sample: sampleOf(theirs) },
  });
  return [
    ...(restOf(ours).length === 0 ? [] : [row(task.measure, restOf(ours), restOf(peers), ratio)]),
    row(`${task.measure}, first`, firstOf(ours), firstOf(peers), null),
    {
      ...{ work, measure: `${task.measure}: peak memory`, unit: "MB", ours: sampleOf(peaksOf(ours)) },
      peer: { name: "rasterio", sample: sampleOf(peaksOf(peers)) },
      target: { of: "value", atMost: MOST_MEGABYTES },
    },
  ];
}

/** Throws where the sides have read different pixels; JPEG decoders may round differently. */
function expectSameWindows(work: string, ours: Side, peer: Side): void {
  if (Math.abs(ours.firstPixels - peer.firstPixels) > Math.abs(peer.firstPixels) / 1000) {
    throw new Error(
      `${work}: first samples sum up to ${ours.firstPixels}, rasterio's to ${peer.firstPixels}`,
    );
  }
}

async function ourSide(program: string, file: string, task: string, times: number): Promise<Side> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, file, task, String(times)]);
  return sideSchema.parse(JSON.parse(stdout));
}

async function peerSide(file: string, task: string, times: number): Promise<Side> {
  const program = path.join(import.meta.dirname, "raster/rasterio_side.py");
  return sideSchema.parse(await runPeer(program, [file, task, String(times)]));
}
