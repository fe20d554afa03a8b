import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import sharp from "sharp";
import type { Ground } from "../case.ts";
import type { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";

/** Just large enough that the app makes overviews of it. */
const LARGE_SIDE = 2304;
/** What the app gives the first view of a project before it begins. */
export const HEAD_START_MILLISECONDS = 1500;

/** Overviews of a large image, made in the background; whatever stands under its final name must be whole, and in the end the undisturbed file. */
export class Pyramids implements Work {
  readonly span: Work["span"];
  readonly #cache: string;
  readonly #reference: string;

  private constructor(cache: string, reference: string, milliseconds: number) {
    this.#cache = cache;
    this.#reference = reference;
    this.span = [HEAD_START_MILLISECONDS * 0.8, milliseconds * 1.1];
  }

  /** Adds a large image to the project and makes its overviews once undisturbed. */
  static async prepare(this: void, app: RunningApp, ground: Ground): Promise<Pyramids> {
    await writeLargeImage(path.join(ground.folder, "images/large.tif"));
    await app.client.projects.rescan({ projectId: app.projectId });
    const cache = path.join(ground.base, "cache/pyramids");
    const begun = performance.now();
    await overviewsMade(app);
    const milliseconds = performance.now() - begun;
    const made = finished(cache);
    if (made.length !== 1) {
      throw new Error(`Instead of one pyramid there are ${made.length}.`);
    }
    const reference = await sumOf(made[0] as string);
    removeFinished(cache);
    return new Pyramids(cache, reference, milliseconds);
  }

  /** They are begun when the project is opened. */
  run(app: RunningApp): Promise<void> {
    return overviewsMade(app);
  }

  async whileDown(): Promise<string[]> {
    const losses: string[] = [];
    for (const file of finished(this.#cache)) {
      const isWhole = (await sumOf(file).catch(() => null)) === this.#reference;
      losses.push(...(isWhole ? [] : [`${path.basename(file)} isn't the undisturbed one`]));
    }
    removeFinished(this.#cache);
    return losses;
  }

  /** What a killed process was making is taken over, and its folder removed, when the app is opened again. */
  async check(): Promise<string[]> {
    let folders: string[] = [];
    for (let waited = 0; waited < 4000; waited += 100) {
      folders = readdirSync(this.#cache).filter((name) => name.startsWith("building-"));
      if (folders.length <= 1) {
        return [];
      }
      await setTimeout(100);
    }
    return [`${folders.length} folders of unfinished overviews are left behind`];
  }
}

/** Resolves when overviews were made, rejects when that failed. */
export async function overviewsMade(app: RunningApp): Promise<void> {
  for await (const jobs of app.client.jobs.watch()) {
    const state = jobs.find(({ kind }) => kind === "pyramid")?.state;
    if (state?.kind === "failed") {
      throw new Error(`The overviews failed: ${state.error.message}`);
    }
    if (state?.kind === "succeeded") {
      return;
    }
  }
}

/** An image just large enough, of bytes that don't compress to nothing and differ from place to place. */
export async function writeLargeImage(filePath: string): Promise<void> {
  const pixels = Buffer.alloc(LARGE_SIDE * LARGE_SIDE * 3);
  for (let index = 0; index < pixels.length; index++) {
    pixels[index] = (index * 7 + (index >> 9) * 13 + ((index * index) >> 11)) & 0xff;
  }
  const raw = { width: LARGE_SIDE, height: LARGE_SIDE, channels: 3 } as const;
  await sharp(pixels, { raw }).tiff({ compression: "lzw", tile: true }).toFile(filePath);
}

/** Overviews under their final names. */
export function finished(cache: string): string[] {
  return existsSync(cache)
    ? readdirSync(cache)
        .filter((name) => name.endsWith(".pyramid.tif"))
        .map((name) => path.join(cache, name))
    : [];
}

/** Removes overviews that were made, so that they are made again. */
export function removeFinished(cache: string): void {
  for (const file of finished(cache)) {
    rmSync(file);
  }
}

/** Of the pixels of all levels, as another program reads them: in which order the tiles stand in the file is chance. */
export async function sumOf(filePath: string): Promise<string> {
  const { pages = 1 } = await sharp(filePath).metadata();
  const sum = createHash("sha256");
  for (let page = 0; page < pages; page++) {
    sum.update(await sharp(filePath, { page }).raw().toBuffer());
  }
  return `${pages} levels ${sum.digest("hex")}`;
}
