import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { SeededRandom } from "#shared/training/seeded-random.ts";
import { findDesktopRuntime } from "../../fixtures/shell/desktop-runtime.ts";
import type { Case, Ground, RoundOutcome } from "../case.ts";
import { SIDE } from "../case.ts";
import { DesktopWindow } from "../desktop-window.ts";
import { leftoversOf } from "../leftovers.ts";
import { storedLabels } from "../stored-labels.ts";
import { differByRectangle, spanRectangle, takeRectangles } from "../works/drawn-rectangles.ts";
import { endOf } from "./killing.ts";

/** How many classes of the sample are painted with. */
const CLASSES = 4;
/** A rectangle that changes nothing grows no journal. */
const MOST_ANSWER_MILLISECONDS = 1500;
/** Chunks are written 1.5 s after an edit: then nothing moves any more. */
const REST_MILLISECONDS = 3000;
const TOLD = { timeout: 60_000 };

/** What is killed while a rectangle is drawn or a training runs, and what the window has to say and offer after that. */
interface Blow {
  readonly which: "page" | "host" | "engine";
  /** Milliseconds after the work's beginning within which the kill comes. */
  readonly within: number;
  begin(window: DesktopWindow, random: SeededRandom): Promise<void>;
  /** Brings the window back to where one works; a sentence for each thing that isn't told or offered. */
  recover(window: DesktopWindow): Promise<string[]>;
}

/** One more rectangle, which is there whole or not at all after the kill. */
const draw: Blow["begin"] = async ({ page }, random) => {
  await spanRectangle(page, random, random.integer(CLASSES));
  await page.mouse.up();
};

/** `kill -9` of the window's own process: it comes back by itself, and says that it had stopped. */
export const desktopPage: Case = killingDesktop({
  which: "page",
  within: 2500,
  begin: draw,
  recover: async (window) => {
    const { page } = window;
    // Playwright never sees the crash of a page that is loaded again at once; a window that is looked at anew is the new one.
    await page.waitForEvent("crash", { timeout: 2000 }).catch(() => undefined);
    await window.look();
    return told(window, "had stopped and was started again");
  },
});

/** `kill -9` of the desktop app's host: the window says so, and starts another when asked. */
export const desktopHost: Case = killingDesktop({
  which: "host",
  within: 2500,
  begin: draw,
  recover: async ({ page }) => {
    const banner = page.getByTestId("disconnected");
    const losses = await banner.waitFor(TOLD).then(
      async () =>
        /host process ended by SIGKILL/.test((await banner.textContent()) ?? "")
          ? []
          : [`the window doesn't say that the host was killed: ${String(await banner.textContent())}`],
      () => ["the window doesn't say that the host is gone"],
    );
    await page.getByRole("button", { name: "Try again" }).click();
    await banner.waitFor({ ...TOLD, state: "detached" });
    await page.getByTestId("mosaic-row-sample-1").waitFor();
    return losses;
  },
});

/** `kill -9` of the desktop app's engine in mid-training: the training says so, and the app goes on. */
export const desktopEngine: Case = killingDesktop({
  which: "engine",
  within: 3000,
  begin: async (window) => {
    const { page } = window;
    await page.getByTestId("mode-train").click();
    const [start, again] = [page.getByTestId("train-start"), page.getByTestId("new-training")];
    await start.or(again).first().waitFor();
    if (await again.isVisible()) {
      await again.click();
    }
    await page.getByTestId("setting-architecture").selectOption("unet");
    await page.getByTestId("setting-epochs").fill("400");
    await start.click();
    while (!window.has("engine")) {
      await setTimeout(50);
    }
  },
  recover: async ({ page }) => {
    const state = page.getByTestId("run-state");
    await page.locator('[data-testid="run-state"][data-state="failed"]').waitFor(TOLD);
    const message = page.getByText(/engine (was|ended|stopped|process)|has stopped|was killed/i).first();
    const losses = await message.waitFor(TOLD).then(
      () => [],
      async () => [
        `the training doesn't say that the engine was killed: ${String(await state.textContent())}`,
      ],
    );
    await page.getByTestId("mode-label").click();
    return losses;
  },
});

/** Draws one to three rectangles, each waited for until it stands in the journal. */
async function paintConfirmed(
  { page }: DesktopWindow,
  { folder }: Ground,
  random: SeededRandom,
): Promise<void> {
  for (let left = 1 + random.integer(3); left > 0 || journalBytes(folder) === 0; left--) {
    const before = journalBytes(folder);
    await spanRectangle(page, random, random.integer(CLASSES));
    await page.mouse.up();
    for (let waited = 0; journalBytes(folder) === before && waited < MOST_ANSWER_MILLISECONDS; waited += 50) {
      await setTimeout(50);
    }
  }
}

function journalBytes(folder: string): number {
  const labels = path.join(folder, ".orthomask/labels");
  const [mosaic] = existsSync(labels) ? readdirSync(labels) : [];
  const journal = path.join(labels, mosaic ?? "", "journal");
  return mosaic !== undefined && existsSync(journal) ? statSync(journal).size : 0;
}

/** A window that has come back can take back what was painted. */
async function undoTold({ page }: DesktopWindow): Promise<string[]> {
  await page.getByTestId("mode-label").click();
  return page
    .locator('[data-testid="label-undo"][title*="Undo Rectangle"]')
    .waitFor(TOLD)
    .then(
      () => [],
      () => ["the window can't take back what was painted"],
    );
}

async function told({ page }: DesktopWindow, words: string): Promise<string[]> {
  return page
    .getByText(words)
    .first()
    .waitFor({ timeout: 20_000 })
    .then(
      () => [],
      () => [`the window doesn't say “${words}”`],
    );
}

/** Rectangles are painted in the desktop app's window, one of its processes is killed at a random moment, and the window must come back with all that was confirmed. */
function killingDesktop({ which, within, begin, recover }: Blow): Case {
  return async (ground, random) => {
    const runtime = await findDesktopRuntime();
    if (runtime === null) {
      return { skipped: "there is no Electron runtime or no display" };
    }
    const window = await DesktopWindow.open(ground, runtime);
    return {
      round: async (): Promise<RoundOutcome> => {
        await takeRectangles(window.page);
        await paintConfirmed(window, ground, random);
        await setTimeout(REST_MILLISECONDS);
        const before = await storedLabels(ground.folder, SIDE);
        const worked = begin(window, random);
        if (which === "engine") {
          await worked;
        }
        const ended = endOf(worked);
        await setTimeout(random.next() * within);
        if (window.kill(which) === 0) {
          throw new Error(`There was no ${which} to kill.`);
        }
        const losses = await recover(window);
        // What a killed page was being told to do can't be done any more.
        await ended;
        await setTimeout(REST_MILLISECONDS);
        const found = await storedLabels(ground.folder, SIDE);
        if (!differByRectangle(before, found, { side: SIDE, id: null })) {
          losses.push("labels have changed otherwise than by the rectangle that was being drawn");
        }
        losses.push(...(await undoTold(window)));
        losses.push(...(await leftoversOf(ground.folder)));
        return { faults: 1, losses };
      },
      close: async () => {
        await window.close();
        runtime.display.close();
      },
    };
  };
}
