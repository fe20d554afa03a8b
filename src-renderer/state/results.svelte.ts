import type { z } from "zod";
import type { evaluationAreaSchema } from "#shared/contract.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";
import { MosaicChoice } from "./mosaic-choice.svelte.ts";

export type EvaluationArea = z.infer<typeof evaluationAreaSchema>;

/** A report, or why there is none; `stale` while a newer one is computed. */
export type ReportState =
  | { readonly kind: "none" }
  | { readonly kind: "working" }
  | { readonly kind: "ready"; readonly report: EvaluationReport; readonly stale: boolean }
  | { readonly kind: "refused"; readonly reason: string };

/** The numbers of one run over one area. */
export class Results {
  readonly #host: HostAccess;
  readonly #projectId: string;
  #state: ReportState = $state.raw({ kind: "none" });
  #request = new AbortController();
  #runId: string | null = null;

  /** Which pixels are counted. */
  areaKind: EvaluationArea["kind"] = $state("validation");
  /** Which predicted mosaics are counted. */
  readonly mosaics = new MosaicChoice();

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  get state(): ReportState {
    return this.#state;
  }

  /** Asks for a report; the last one of the same run stays in view meanwhile. */
  async load(runId: string, area: EvaluationArea): Promise<void> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    this.#state =
      this.#state.kind === "ready" && this.#runId === runId
        ? { ...this.#state, stale: true }
        : { kind: "working" };
    this.#runId = runId;
    try {
      const report = await this.#host.client.evaluation.report(
        { projectId: this.#projectId, runId, area },
        { signal: request.signal },
      );
      if (!request.signal.aborted) {
        this.#state = { kind: "ready", report, stale: false };
      }
    } catch (thrown) {
      if (!request.signal.aborted) {
        this.#state = { kind: "refused", reason: sentenceOf(thrown) };
      }
    }
  }

  clear(): void {
    this.#request.abort();
    this.#state = { kind: "none" };
    this.#runId = null;
  }
}
