import path from "node:path";
import type { Ground } from "../case.ts";
import type { KillablePage } from "../killable-page.ts";
import type { RunningApp } from "../running-app.ts";
import { sumOf, written } from "./exporting.ts";
import { jobsEnded, troubleOf } from "./jobs-ended.ts";
import type { PageWork } from "./page-work.ts";
import { Predicting } from "./prediction.ts";
import { runRow } from "./show-run.ts";

/** Exports begun in the page, which are written to their end without it and are the undisturbed files. */
export class ExportingInPage implements PageWork {
  readonly span: PageWork["span"];
  readonly #runId: string;
  readonly #reference: ReadonlyMap<string, string>;
  readonly #knownJobs: Set<string>;

  private constructor(
    runId: string,
    reference: ReadonlyMap<string, string>,
    knownJobs: Set<string>,
    milliseconds: number,
  ) {
    this.#runId = runId;
    this.#reference = reference;
    this.#knownJobs = knownJobs;
    this.span = [0, milliseconds * 1.2];
  }

  /** Predicts, and exports once undisturbed. */
  static async prepare(
    this: void,
    app: RunningApp,
    killable: KillablePage,
    { runId }: Pick<Ground, "runId">,
  ): Promise<ExportingInPage> {
    await Predicting.prepare(app, { runId });
    const known = new Set<string>();
    await jobsEnded(app, known);
    await chooseFiles(killable, runId);
    const begun = performance.now();
    await killable.page.getByTestId("export-start").click();
    await killable.page.getByTestId("export-result").waitFor();
    const milliseconds = performance.now() - begun;
    await jobsEnded(app, known);
    return new ExportingInPage(runId, sumsOf(app), known, milliseconds);
  }

  show(killable: KillablePage): Promise<void> {
    return chooseFiles(killable, this.#runId);
  }

  async run({ page }: KillablePage): Promise<void> {
    await page.getByTestId("export-start").click();
    await new Promise((resolve) => page.once("crash", resolve));
  }

  async check(app: RunningApp): Promise<string[]> {
    const losses = troubleOf(await jobsEnded(app, this.#knownJobs), "export");
    const found = sumsOf(app);
    for (const [name, sum] of this.#reference) {
      if (found.get(name) !== sum) {
        losses.push(found.has(name) ? `${name} isn't whole` : `${name}, exported before, is gone`);
      }
    }
    for (const name of found.keys()) {
      if (!this.#reference.has(name)) {
        losses.push(`${name} was never asked for`);
      }
    }
    return losses;
  }

  async checkPage(killable: KillablePage): Promise<string[]> {
    return chooseFiles(killable, this.#runId).then(
      () => [],
      () => ["the page that was opened again can't export"],
    );
  }
}

/** Masks, confidence and polygons of all mosaics of a run, so that a press on the button writes them. */
async function chooseFiles({ page }: KillablePage, runId: string): Promise<void> {
  await (await runRow(page, runId)).click();
  await page.getByTestId("mode-export").click();
  await page.getByTestId("export-confidence").setChecked(true);
  await page.getByTestId("export-vector").selectOption("geojson");
  await page.getByTestId("export-files").getByText("sample-2_polygons.geojson").waitFor();
}

function sumsOf(app: RunningApp): Map<string, string> {
  return new Map(written(app).map((file) => [path.basename(file), sumOf(file)]));
}
