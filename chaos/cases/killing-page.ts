import { setTimeout } from "node:timers/promises";
import { provideBrowser } from "../../scripts/setup/browser.mjs";
import type { SeededRandom } from "#shared/training/seeded-random.ts";
import type { Case, Ground, RoundOutcome, Rounds } from "../case.ts";
import { KillablePage } from "../killable-page.ts";
import { leftoversOf } from "../leftovers.ts";
import { RunningApp } from "../running-app.ts";
import type { PageWork } from "../works/page-work.ts";
import { endOf, within } from "./killing.ts";

/** In one of so many rounds the app is started again, too. */
const RESTARTED = 4;

type Prepare = (app: RunningApp, page: KillablePage, ground: Ground) => Promise<PageWork>;

/**
 * `kill -9` of the page's process at a random moment of what was begun in it: what it had handed over is done to its end as if nothing had happened, and the page that is
 * opened then shows it.
 */
export function killingPage(prepare: Prepare): Case {
  return async (ground, random) => {
    if ((await provideBrowser().catch(() => null)) === null) {
      return { skipped: "there is no Chromium" };
    }
    const app = await RunningApp.start(ground);
    let page: KillablePage | null = null;
    let work: PageWork;
    try {
      page = await KillablePage.open(app.url);
      work = await prepare(app, page, ground);
    } catch (error) {
      await page?.close();
      await app.close();
      throw error;
    }
    return killRounds({ ground, random, app, page, work });
  };
}

function killRounds(given: {
  readonly ground: Ground;
  readonly random: SeededRandom;
  readonly app: RunningApp;
  readonly page: KillablePage;
  readonly work: PageWork;
}): Rounds {
  const { ground, random, page, work } = given;
  let { app } = given;
  return {
    round: async (): Promise<RoundOutcome> => {
      await work.show(page);
      const worked = endOf(work.run(page, random));
      await setTimeout(within(work.span, random.next()));
      await page.kill();
      // What the page was being told to do can't be done any more.
      await worked;
      const losses = await work.check(app);
      if (random.integer(RESTARTED) === 0) {
        // What was confirmed is on the disk, too.
        await app.close();
        app = await RunningApp.start(ground);
        losses.push(...(await work.check(app)));
      }
      page.errors.splice(0);
      await page.reopen(app.url);
      losses.push(...(await work.checkPage(page)));
      losses.push(...page.errors.splice(0).map((error) => `the page that was opened again: ${error}`));
      losses.push(...(await leftoversOf(ground.folder)));
      return { faults: 1, losses };
    },
    close: async () => {
      await page.close();
      await app.close();
    },
  };
}
