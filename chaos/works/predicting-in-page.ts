import type { Ground } from "../case.ts";
import { SIDE } from "../case.ts";
import type { KillablePage } from "../killable-page.ts";
import type { RunningApp } from "../running-app.ts";
import { jobsEnded, troubleOf } from "./jobs-ended.ts";
import type { PageWork } from "./page-work.ts";
import { pixelsOf } from "./prediction.ts";
import { runRow } from "./show-run.ts";

/** Predictions begun in the page, which go on without it and come to the undisturbed mask. */
export class PredictingInPage implements PageWork {
  readonly span: PageWork["span"];
  readonly #runId: string;
  readonly #reference: readonly string[];
  readonly #knownJobs: Set<string>;

  private constructor(
    runId: string,
    reference: readonly string[],
    knownJobs: Set<string>,
    milliseconds: number,
  ) {
    this.#runId = runId;
    this.#reference = reference;
    this.#knownJobs = knownJobs;
    this.span = [0, milliseconds];
  }

  /** Predicts once undisturbed. */
  static async prepare(
    this: void,
    app: RunningApp,
    killable: KillablePage,
    { runId }: Pick<Ground, "runId">,
  ): Promise<PredictingInPage> {
    await showRun(killable, runId);
    const begun = performance.now();
    await killable.page.getByTestId("predict-start").click();
    await killable.page.getByTestId("prediction-complete").nth(1).waitFor();
    const milliseconds = performance.now() - begun;
    const known = new Set<string>();
    await jobsEnded(app, known);
    return new PredictingInPage(runId, await pixelsOf(app, runId, SIDE), known, milliseconds);
  }

  async show(killable: KillablePage): Promise<void> {
    await showRun(killable, this.#runId);
    await killable.page.getByTestId("predict-start").waitFor();
  }

  async run({ page }: KillablePage): Promise<void> {
    await page.getByTestId("predict-start").click();
    await new Promise((resolve) => page.once("crash", resolve));
  }

  async check(app: RunningApp): Promise<string[]> {
    const losses = troubleOf(await jobsEnded(app, this.#knownJobs), "prediction");
    const found = await pixelsOf(app, this.#runId, SIDE);
    return found.join() === this.#reference.join()
      ? losses
      : [...losses, "the mask isn't the undisturbed one"];
  }

  async checkPage(killable: KillablePage): Promise<string[]> {
    await showRun(killable, this.#runId);
    return killable.page
      .getByTestId("prediction-complete")
      .nth(1)
      .waitFor({ timeout: 60_000 })
      .then(
        () => [],
        () => ["the page that was opened again doesn't show both mosaics as predicted"],
      );
  }
}

async function showRun({ page }: KillablePage, runId: string): Promise<void> {
  await (await runRow(page, runId)).click();
}
