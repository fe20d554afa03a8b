import type { Page } from "@playwright/test";
import type { Run } from "#shared/training/run.ts";
import { firstOf } from "../first-of.ts";
import type { KillablePage } from "../killable-page.ts";
import type { RunningApp } from "../running-app.ts";
import { jobsEnded, troubleOf } from "./jobs-ended.ts";
import type { PageWork } from "./page-work.ts";
import { runRow } from "./show-run.ts";

const EPOCHS = 5;

/** Trainings begun in the page, which goes on without it and comes to what an undisturbed one comes to. */
export class TrainingInPage implements PageWork {
  readonly span: PageWork["span"];
  readonly #reference: Run["history"];
  readonly #knownJobs: Set<string>;
  #app: RunningApp;
  #runId: string | null = null;
  readonly #knownRuns: Set<string>;

  private constructor(app: RunningApp, reference: Run, knownJobs: Set<string>, milliseconds: number) {
    this.#app = app;
    this.#reference = reference.history;
    this.#knownJobs = knownJobs;
    this.#knownRuns = new Set([reference.id]);
    this.span = [0, milliseconds];
  }

  /** Trains once undisturbed, with the settings that the page then remembers. */
  static async prepare(this: void, app: RunningApp, killable: KillablePage): Promise<TrainingInPage> {
    const { page } = killable;
    const earlier = new Set((await runsOf(app)).map(({ id }) => id));
    await page.getByTestId("mode-train").click();
    await page.getByTestId("setting-architecture").selectOption("unet");
    for (const [name, value] of [
      ["width", 4],
      ["tile", 64],
      ["input", 64],
      ["batch", 4],
      ["epochs", EPOCHS],
    ] as const) {
      await setNumber(page, `setting-${name}`, value);
    }
    const begun = performance.now();
    await page.getByTestId("train-start").click();
    await page.locator('[data-testid="run-state"][data-state="finished"]').waitFor();
    const known = new Set<string>();
    await jobsEnded(app, known);
    const reference = (await runsOf(app)).find(({ id }) => !earlier.has(id));
    if (reference?.history.length !== EPOCHS) {
      throw new Error(`The undisturbed training came to ${String(reference?.history.length)} epochs.`);
    }
    const work = new TrainingInPage(app, reference, known, performance.now() - begun);
    for (const id of earlier) {
      work.#knownRuns.add(id);
    }
    return work;
  }

  async show({ page }: KillablePage): Promise<void> {
    await page.getByTestId("mode-train").click();
    const [start, again] = [page.getByTestId("train-start"), page.getByTestId("new-training")];
    await start.or(again).waitFor();
    if (await again.isVisible()) {
      await again.click();
      await start.waitFor();
    }
    if (this.#runId !== null) {
      await this.#app.client.runs.remove({ projectId: this.#app.projectId, runId: this.#runId });
      this.#runId = null;
    }
  }

  async run({ page }: KillablePage): Promise<void> {
    await page.getByTestId("train-start").click();
    await new Promise((resolve) => page.once("crash", resolve));
  }

  async check(app: RunningApp): Promise<string[]> {
    this.#app = app;
    const losses = troubleOf(await jobsEnded(app, this.#knownJobs), "training");
    const fresh = (await runsOf(app)).filter(({ id }) => !this.#knownRuns.has(id));
    for (const { id } of fresh) {
      this.#knownRuns.add(id);
      this.#runId = id;
    }
    if (fresh.length > 1) {
      losses.push(`one press began ${fresh.length} trainings`);
    }
    for (const { state, history } of fresh) {
      if (state.kind !== "finished" || history.length !== EPOCHS) {
        losses.push(`the training is ${state.kind} after ${history.length} of ${EPOCHS} epochs`);
      }
      losses.push(...differences(history, this.#reference));
    }
    return losses;
  }

  async checkPage({ page }: KillablePage): Promise<string[]> {
    if (this.#runId === null) {
      return [];
    }
    return runRow(page, this.#runId).then(
      () => [],
      () => ["the page that was opened again doesn't list the training"],
    );
  }
}

async function runsOf({ client, projectId }: RunningApp): Promise<readonly Run[]> {
  return (await firstOf(client.runs.watch({ projectId }))) ?? [];
}

function differences(history: Run["history"], reference: Run["history"]): string[] {
  return history.flatMap(({ epoch, loss, valLoss }, index) => {
    const expected = reference[index];
    const isSame =
      expected !== undefined && Math.abs(loss - expected.loss) + Math.abs(valLoss - expected.valLoss) <= 1e-6;
    return isSame ? [] : [`epoch ${epoch} came to ${loss}, undisturbed to ${String(expected?.loss)}`];
  });
}

async function setNumber(page: Page, testId: string, value: number): Promise<void> {
  const field = page.getByTestId(testId);
  if (!(await field.isVisible())) {
    await page.getByTestId("advanced-settings").click();
  }
  await field.fill(String(value));
  await field.press("Tab");
}
