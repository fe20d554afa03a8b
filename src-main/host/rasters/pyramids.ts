import { setTimeout } from "node:timers/promises";
import { needsPyramid } from "../../raster/index.ts";
import type { Jobs } from "../jobs/index.ts";
import type { Project, Projects } from "../projects/index.ts";
import type { PyramidCacheStore } from "../storage/index.ts";

/** One at a time: a second would only compete for the same disk. */
const LANE = "pyramid";
/** What the first view of a project gets before pyramids begin. */
const HEAD_START_MILLISECONDS = 1500;

/**
 * Gives large images without overviews a pyramid in the cache directory, in the background, so that zooming out is quick. Only where
 * someone looks at maps: the command line has no use for them.
 */
export class Pyramids {
  readonly #jobs: Jobs;
  readonly #cache: PyramidCacheStore;
  readonly #untilQuiet: (signal: AbortSignal) => Promise<void>;
  /** Images that are being done or were: a job that was cancelled is not started again by a rescan. */
  readonly #seen = new Set<string>();
  readonly #stop: () => void;

  constructor(given: {
    readonly projects: Projects;
    readonly jobs: Jobs;
    readonly cache: PyramidCacheStore;
    /** Resolves when no map asks for tiles: those come first. */
    readonly untilQuiet: (signal: AbortSignal) => Promise<void>;
  }) {
    this.#jobs = given.jobs;
    this.#cache = given.cache;
    this.#untilQuiet = given.untilQuiet;
    this.#stop = given.projects.onOpen((project) => {
      project.onChange(() => {
        this.#look(project);
      });
      this.#look(project);
    });
  }

  close(): void {
    this.#stop();
  }

  #look(project: Project): void {
    for (const mosaic of project.snapshot().mosaics) {
      const key = `${project.id}/${mosaic.id}`;
      if (mosaic.kind === "ready" && !this.#seen.has(key)) {
        this.#seen.add(key);
        // A file that can't be read any more shows that on its tiles; a pyramid is only a help.
        void this.#provide(project, mosaic.id, mosaic.name).catch(() => undefined);
      }
    }
  }

  async #provide(project: Project, mosaicId: string, name: string): Promise<void> {
    if (!isLarge(project.mosaic(mosaicId).image)) {
      return;
    }
    const image = await project.image(mosaicId);
    if (!needsPyramid(image) || (await this.#cache.attach(image))) {
      return;
    }
    if ((await this.#cache.refresh()).limitBytes === 0) {
      // Somebody has decided to do without.
      return;
    }
    this.#jobs.start(
      {
        kind: "pyramid",
        title: `Overviews of ${name}`,
        projectId: project.id,
        runId: null,
        mosaicId,
        canPause: true,
        lane: LANE,
      },
      async (context) => {
        // Whoever has just opened a project is about to look at it.
        await setTimeout(HEAD_START_MILLISECONDS, undefined, { signal: context.signal });
        await this.#cache.build(image, {
          signal: context.signal,
          beforeTile: async () => {
            await context.whilePaused();
            await this.#untilQuiet(context.signal);
          },
          onProgress: (progress) => {
            context.report({ progress, detail: "reading the image once" });
          },
        });
        return { kind: "pyramid", mosaicId };
      },
    );
  }
}

/** Spares opening small images; the raster engine has the last word. */
function isLarge({ width, height, overviews }: Parameters<typeof needsPyramid>[0]["description"]): boolean {
  return overviews.length === 0 && Math.max(width, height) > 1024;
}
