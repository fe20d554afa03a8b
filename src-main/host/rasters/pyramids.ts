import path from "node:path";
import { attachPyramid, buildPyramid, needsPyramid } from "../../raster/index.ts";
import type { Jobs } from "../jobs/index.ts";
import type { Project, Projects } from "../projects/index.ts";

/** One at a time: a second would only compete for the same disk. */
const LANE = "pyramid";

/**
 * Gives large images without overviews a pyramid in the cache directory, in the background, so that zooming out is quick. Only where
 * someone looks at maps: the command line has no use for them.
 */
export class Pyramids {
  readonly #jobs: Jobs;
  readonly #cacheFolder: string;
  /** Images that are being done or were: a job that was cancelled is not started again by a rescan. */
  readonly #seen = new Set<string>();
  readonly #stop: () => void;

  constructor(given: { readonly projects: Projects; readonly jobs: Jobs; readonly cacheDirectory: string }) {
    this.#jobs = given.jobs;
    this.#cacheFolder = path.join(given.cacheDirectory, "pyramids");
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
    if (!needsPyramid(image) || (await attachPyramid(image, this.#cacheFolder))) {
      return;
    }
    this.#jobs.start(
      {
        kind: "pyramid",
        title: `Overviews of ${name}`,
        projectId: project.id,
        runId: null,
        mosaicId,
        canPause: false,
        lane: LANE,
      },
      async (context) => {
        await buildPyramid(image, this.#cacheFolder, {
          signal: context.signal,
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
