import { copyFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Ground } from "../case.ts";
import type { KillablePage } from "../killable-page.ts";
import type { RunningApp } from "../running-app.ts";
import type { PageWork } from "./page-work.ts";
import {
  HEAD_START_MILLISECONDS,
  finished,
  overviewsMade,
  removeFinished,
  sumOf,
  writeLargeImage,
} from "./pyramids.ts";

/** A machine that others use may stand still for minutes. */
const MOST_MAKING_MILLISECONDS = 120_000;

/** Overviews of a large image that has just come into the project and is looked at in the page; they are made to their end without it. */
export class PyramidsBesidePage implements PageWork {
  readonly span: PageWork["span"];
  readonly #images: string;
  readonly #original: string;
  readonly #cache: string;
  readonly #reference: string;
  #app: RunningApp;
  /** The app makes overviews of an image once: each round has one of another name. */
  #count = 0;

  private constructor(
    app: RunningApp,
    given: {
      readonly images: string;
      readonly original: string;
      readonly cache: string;
      readonly reference: string;
      readonly milliseconds: number;
    },
  ) {
    this.#app = app;
    this.#images = given.images;
    this.#original = given.original;
    this.#cache = given.cache;
    this.#reference = given.reference;
    this.span = [HEAD_START_MILLISECONDS * 0.8, given.milliseconds * 1.1];
  }

  /** Adds a large image to the project and has its overviews made once undisturbed. */
  static async prepare(
    this: void,
    app: RunningApp,
    _page: KillablePage,
    ground: Ground,
  ): Promise<PyramidsBesidePage> {
    const original = path.join(ground.base, "large.tif");
    await writeLargeImage(original);
    const images = path.join(ground.folder, "images");
    copyFileSync(original, path.join(images, "large-0.tif"));
    await app.client.projects.rescan({ projectId: app.projectId });
    const begun = performance.now();
    await overviewsMade(app);
    const milliseconds = performance.now() - begun;
    const cache = path.join(ground.base, "cache/pyramids");
    const [made, ...others] = finished(cache);
    if (made === undefined || others.length > 0) {
      throw new Error(`Instead of one pyramid there are ${made === undefined ? 0 : 1 + others.length}.`);
    }
    const reference = await sumOf(made);
    return new PyramidsBesidePage(app, { images, original, cache, reference, milliseconds });
  }

  async show({ page }: KillablePage): Promise<void> {
    await page.getByTestId("mode-label").click();
  }

  async run({ page }: KillablePage): Promise<void> {
    removeFinished(this.#cache);
    rmSync(path.join(this.#images, `${this.#name}.tif`));
    this.#count += 1;
    copyFileSync(this.#original, path.join(this.#images, `${this.#name}.tif`));
    await this.#app.client.projects.rescan({ projectId: this.#app.projectId });
    // Its tiles are asked for, which what is made stands back for.
    await page.getByTestId(`mosaic-row-${this.#name}`).dblclick();
    await new Promise((resolve) => page.once("crash", resolve));
  }

  async check(app: RunningApp): Promise<string[]> {
    this.#app = app;
    for (let waited = 0; finished(this.#cache).length === 0; waited += 100) {
      if (waited > MOST_MAKING_MILLISECONDS) {
        return ["no overviews were made without the page"];
      }
      await setTimeout(100);
    }
    const losses: string[] = [];
    for (const file of finished(this.#cache)) {
      const isWhole = (await sumOf(file).catch(() => null)) === this.#reference;
      losses.push(...(isWhole ? [] : [`${path.basename(file)} isn't the undisturbed one`]));
    }
    const unfinished = readdirSync(this.#cache).filter((name) => name.endsWith(".unfinished"));
    return [...losses, ...unfinished.map((name) => `${name} is left behind`)];
  }

  async checkPage({ page }: KillablePage): Promise<string[]> {
    const shown = async (): Promise<void> => {
      await page.getByTestId(`mosaic-row-${this.#name}`).dblclick();
      await page.locator('[data-testid="map"][data-idle="true"]').waitFor();
    };
    return shown().then(
      () => [],
      () => ["the page that was opened again doesn't show the large image"],
    );
  }

  get #name(): string {
    return `large-${this.#count}`;
  }
}
