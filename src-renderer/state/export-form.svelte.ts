import type { Folder } from "#shared/contract.ts";
import type { ExportOptions, ExportPlan, MergeRule, VectorFormat } from "#shared/project/export-options.ts";
import type { ModelFormat } from "#shared/training/model-format.ts";
import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";
import { MosaicChoice } from "./mosaic-choice.svelte.ts";

export type ExportPlanState =
  | { readonly kind: "none" }
  | { readonly kind: "ready"; readonly plan: ExportPlan }
  | { readonly kind: "refused"; readonly reason: string };

/** An export that is being thought of, and the job that carries it out. */
export class ExportForm {
  readonly #host: HostAccess;
  readonly #projectId: string;
  readonly mosaics = new MosaicChoice();
  #plan: ExportPlanState = $state.raw({ kind: "none" });
  #failure: string | null = $state(null);
  #starting = $state(false);
  #request = new AbortController();

  /** Predictions of the chosen run, or the labels. */
  source: "prediction" | "labels" = $state("prediction");
  /** The class masks themselves. */
  mask = $state(true);
  /** Also writes how sure the network was. */
  confidence = $state(false);
  /** Null writes no polygons. */
  vectorFormat: VectorFormat | null = $state(null);
  simplifyMeters = $state(0);
  minAreaSquareMeters = $state(0);
  /** Null writes a file for each mosaic. */
  merge: MergeRule | null = $state(null);
  /** Null writes beside the project's own files. */
  folder: Folder | null = $state.raw(null);
  /** The last export that was started here. */
  jobId: string | null = $state(null);
  /** What a network is written as. */
  modelFormat: ModelFormat = $state("onnx");
  /** The last export of a network that was started here. */
  modelJobId: string | null = $state(null);
  #modelFailure: string | null = $state(null);

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  get plan(): ExportPlanState {
    return this.#plan;
  }

  get failure(): string | null {
    return this.#failure;
  }

  get modelFailure(): string | null {
    return this.#modelFailure;
  }

  get starting(): boolean {
    return this.#starting;
  }

  /** What is to be written, as the contract says it. */
  get options(): ExportOptions {
    return {
      mask: this.mask,
      // Labels have none; the host leaves it out.
      confidence: this.confidence,
      vector:
        this.vectorFormat === null
          ? null
          : {
              format: this.vectorFormat,
              simplifyMeters: this.simplifyMeters,
              minAreaSquareMeters: this.minAreaSquareMeters,
            },
      merge: this.merge,
    };
  }

  /** Whether anything is chosen to be written. */
  get writesAnything(): boolean {
    return this.mask || this.options.confidence || this.vectorFormat !== null || this.merge !== null;
  }

  /** Asks what would be written; `runId` is null for labels. */
  async makePlan(runId: string | null, mosaicIds: readonly string[]): Promise<void> {
    this.#request.abort();
    if (mosaicIds.length === 0 || !this.writesAnything) {
      this.#plan = { kind: "none" };
      return;
    }
    const request = new AbortController();
    this.#request = request;
    try {
      const plan = await this.#host.client.exports.plan(
        {
          projectId: this.#projectId,
          runId,
          mosaicIds: [...mosaicIds],
          options: this.options,
          destination: this.#destination(),
        },
        { signal: request.signal },
      );
      this.#plan = { kind: "ready", plan };
    } catch (thrown) {
      if (!request.signal.aborted) {
        this.#plan = { kind: "refused", reason: sentenceOf(thrown) };
      }
    }
  }

  /** Writes the run's network in the chosen format. */
  async startModel(runId: string): Promise<void> {
    this.#modelFailure = null;
    this.#starting = true;
    try {
      const { jobId } = await this.#host.client.exports.model({
        projectId: this.#projectId,
        runId,
        format: this.modelFormat,
        destination: this.#destination(),
      });
      this.modelJobId = jobId;
    } catch (thrown) {
      this.#modelFailure = sentenceOf(thrown);
    } finally {
      this.#starting = false;
    }
  }

  #destination(): { kind: "project" } | { kind: "folder"; folderId: string } {
    return this.folder === null ? { kind: "project" } : { kind: "folder", folderId: this.folder.folderId };
  }

  async start(runId: string | null, mosaicIds: readonly string[]): Promise<void> {
    this.#failure = null;
    this.#starting = true;
    try {
      const { jobId } = await this.#host.client.exports.start({
        projectId: this.#projectId,
        runId,
        mosaicIds: [...mosaicIds],
        options: this.options,
        destination: this.#destination(),
      });
      this.jobId = jobId;
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
    } finally {
      this.#starting = false;
    }
  }
}
