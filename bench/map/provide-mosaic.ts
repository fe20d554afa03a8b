import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { runPeer } from "../../fixtures/peers.ts";

/** Makes a mosaic of one of the layouts of `mosaics.py` once for all runs; `column` places several side by side, `images` is a folder of what it shows. */
export async function provideMosaic(
  layout: string,
  width: number,
  height: number,
  column: number,
  images: string | null = null,
): Promise<string> {
  const folder = process.env["ORTHOMASK_BENCH_MOSAICS"] ?? path.join(tmpdir(), "orthomask-bench-mosaics");
  await mkdir(folder, { recursive: true });
  const existing = path.join(folder, `${images === null ? "" : "imagery-"}${layout}-${width}.tif`);
  if (existsSync(existing)) {
    return existing;
  }
  const script = path.join(import.meta.dirname, "mosaics.py");
  const words = [folder, layout, String(width), String(height), String(column)];
  return z.string().parse(await runPeer(script, images === null ? words : [...words, images]));
}
