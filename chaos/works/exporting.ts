import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Ground } from "../case.ts";
import type { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";
import { Predicting } from "./prediction.ts";

/** Masks and polygons of a prediction written again and again; whatever stands under a final name must be whole. */
export class Exporting implements Work {
  readonly span: Work["span"];
  readonly #runId: string;
  readonly #reference: ReadonlyMap<string, string>;

  private constructor(runId: string, reference: ReadonlyMap<string, string>, milliseconds: number) {
    this.#runId = runId;
    this.#reference = reference;
    this.span = [0, milliseconds * 1.1];
  }

  /** Predicts and exports once undisturbed, into the project. */
  static async prepare(this: void, app: RunningApp, { runId }: Ground): Promise<Exporting> {
    await Predicting.prepare(app, { runId });
    const begun = performance.now();
    const state = await app.ended(await startExport(app, runId));
    if (state.kind !== "succeeded") {
      throw new Error(`The undisturbed export ended ${JSON.stringify(state)}.`);
    }
    const milliseconds = performance.now() - begun;
    const sums = written(app).map((file) => [path.basename(file), sumOf(file)] as const);
    return new Exporting(runId, new Map(sums), milliseconds);
  }

  async run(app: RunningApp): Promise<void> {
    await app.ended(await startExport(app, this.#runId));
  }

  check(app: RunningApp): Promise<string[]> {
    const found = new Map(written(app).map((file) => [path.basename(file), sumOf(file)]));
    const losses: string[] = [];
    for (const [name, sum] of this.#reference) {
      if (!found.has(name)) {
        losses.push(`${name}, exported before, is gone`);
      } else if (found.get(name) !== sum) {
        losses.push(`${name} isn't whole`);
      }
    }
    return Promise.resolve(losses);
  }
}

/** Starts to write masks, confidence and polygons of all mosaics; answers the job. */
export async function startExport(app: RunningApp, runId: string): Promise<string> {
  const { jobId } = await app.client.exports.start({
    projectId: app.projectId,
    runId,
    mosaicIds: [...app.mosaicIds],
    options: {
      mask: true,
      confidence: true,
      vector: { format: "geojson", simplifyMeters: 0, minAreaSquareMeters: 0 },
      merge: null,
    },
    destination: { kind: "project" },
  });
  return jobId;
}

/** What stands under a final name among a project's exports. */
export function written(app: RunningApp): string[] {
  const folder = path.join(app.folder, ".orthomask/exports");
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
        .map((entry) => path.join(entry.parentPath, entry.name))
    : [];
}

/** A checksum of a file's bytes. */
export function sumOf(filePath: string): string {
  return createHash("sha256").update(readFileSync(filePath)).digest("hex");
}
