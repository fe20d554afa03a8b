import { setTimeout } from "node:timers/promises";
import type { SeededRandom } from "#shared/training/seeded-random.ts";
import type { KillablePage } from "../killable-page.ts";
import type { RunningApp } from "../running-app.ts";
import { differByRectangle, spanRectangle, takeRectangles } from "./drawn-rectangles.ts";
import type { PageWork } from "./page-work.ts";

/** A rectangle that changes nothing is told of by nobody. */
const MOST_ANSWER_MILLISECONDS = 1500;
/** For an edit that was on its way when the page died. */
const ON_ITS_WAY_MILLISECONDS = 500;

/** Rectangles drawn with the mouse: each is there whole or not at all, and all that were confirmed are. */
export class PaintingInPage implements PageWork {
  readonly span = [0, 3000] as const;
  readonly #side: number;
  #app: RunningApp;
  #pixels: Uint8Array;
  #inFlightId: number | null = null;
  #painted = 0;

  private constructor(app: RunningApp, side: number, pixels: Uint8Array) {
    this.#app = app;
    this.#side = side;
    this.#pixels = pixels;
  }

  static async prepare(app: RunningApp, side: number): Promise<PaintingInPage> {
    return new PaintingInPage(app, side, await pixelsOf(app, side));
  }

  show({ page }: KillablePage): Promise<void> {
    return takeRectangles(page);
  }

  async run({ page }: KillablePage, random: SeededRandom): Promise<void> {
    const ids = this.#app.classIds;
    for (;;) {
      const index = random.integer(ids.length);
      this.#inFlightId = ids[index] as number;
      await spanRectangle(page, random, index);
      const answered = this.#nextChange(this.#app);
      await page.mouse.up();
      await answered;
      this.#keep(await pixelsOf(this.#app, this.#side));
      this.#inFlightId = null;
    }
  }

  async check(app: RunningApp): Promise<string[]> {
    this.#app = app;
    await setTimeout(ON_ITS_WAY_MILLISECONDS);
    const before = this.#pixels;
    const found = await pixelsOf(app, this.#side);
    const [id, side] = [this.#inFlightId, this.#side];
    this.#inFlightId = null;
    this.#keep(found);
    if (differByRectangle(before, found, { side, id })) {
      return [];
    }
    const changed = found.reduce((count, now, index) => count + (now === before[index] ? 0 : 1), 0);
    return [`${changed} pixels of acknowledged edits differ`];
  }

  async checkPage({ page }: KillablePage): Promise<string[]> {
    await page.getByTestId("mode-label").click();
    if (this.#painted === 0) {
      return [];
    }
    return page
      .locator('[data-testid="label-undo"][title*="Undo Rectangle"]')
      .waitFor({ timeout: 60_000 })
      .then(
        () => [],
        () => ["the page that was opened again can't take back what was painted"],
      );
  }

  #keep(pixels: Uint8Array): void {
    this.#painted += Buffer.compare(pixels, this.#pixels) === 0 ? 0 : 1;
    this.#pixels = pixels;
  }

  async #nextChange(app: RunningApp): Promise<void> {
    const changed = (async () => {
      for await (const { changes } of app.client.labels.watch({ projectId: app.projectId })) {
        if (changes.length > 0) {
          return;
        }
      }
    })().catch(() => undefined);
    await Promise.race([changed, setTimeout(MOST_ANSWER_MILLISECONDS)]);
  }
}

function pixelsOf(app: RunningApp, side: number): Promise<Uint8Array> {
  return app.client.labels.read({
    projectId: app.projectId,
    mosaicId: app.mosaicIds[0] as string,
    pixelWindow: { x: 0, y: 0, width: side, height: side },
  });
}
