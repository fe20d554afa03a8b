import type { z } from "zod";
import type { evaluationAreaSchema } from "#shared/contract.ts";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import type { EvaluationDetail } from "#shared/metrics/evaluation-detail.ts";
import type { EvaluationReport } from "#shared/metrics/evaluation-report.ts";
import { awaitResult } from "./await-result.ts";
import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";
import { MosaicChoice } from "./mosaic-choice.svelte.ts";

export type EvaluationArea = z.infer<typeof evaluationAreaSchema>;

/** A report, or why there is none; `stale` while a newer one is computed. */
export type ReportState =
  | { readonly kind: "none" }
  | { readonly kind: "working" }
  /** Somebody ended the count. */
  | { readonly kind: "stopped" }
  | {
      readonly kind: "ready";
      readonly report: EvaluationReport;
      /** What whole mosaics tell besides; null for validation tiles. */
      readonly detail: EvaluationDetail | null;
      /** Which labels were counted, as `Labelling.labelsMark` names them; null where the numbers are those of an epoch. */
      readonly labels: string | null;
      readonly stale: boolean;
    }
  | { readonly kind: "refused"; readonly reason: string };

/** The numbers of one run over one area. */
export class Results {
  readonly #host: HostAccess;
  readonly #projectId: string;
  #state: ReportState = $state.raw({ kind: "none" });
  #share: number | null = $state(null);
  #request = new AbortController();
  #runId: string | null = null;

  /** Which pixels are counted. */
  areaKind: EvaluationArea["kind"] = $state("validation");
  /** Pixels this near to a border between true classes count for nothing; 0 counts all. Of whole mosaics only. */
  borderTolerancePixels = $state(0);
  /** Which ground of whole mosaics is counted; null for all that is labelled. */
  within: EvaluatedGround | null = $state.raw(null);
  /** Which predicted mosaics are counted. */
  readonly mosaics = new MosaicChoice();

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  get state(): ReportState {
    return this.#state;
  }

  /** How far a count of whole mosaics is, 0–1; null while none is under way. */
  get share(): number | null {
    return this.#share;
  }

  /** Asks for a report on labels as they are now; the last one of the same run stays in view meanwhile. */
  async load(runId: string, area: EvaluationArea, labelsMark: string): Promise<void> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    this.#state =
      this.#state.kind === "ready" && this.#runId === runId
        ? { ...this.#state, stale: true }
        : { kind: "working" };
    this.#runId = runId;
    this.#share = area.kind === "mosaics" ? 0 : null;
    try {
      const counted = await this.#count(runId, area, request.signal);
      if (!request.signal.aborted) {
        const labels = area.kind === "mosaics" ? labelsMark : null;
        this.#state = { kind: "ready", ...counted, labels, stale: false };
      }
    } catch (thrown) {
      if (!request.signal.aborted) {
        this.#state = { kind: "refused", reason: sentenceOf(thrown) };
      }
    } finally {
      if (this.#request === request) {
        this.#share = null;
      }
    }
  }

  /** Ends the count under way; numbers of another question don't stay in its place. */
  stop(): void {
    this.#request.abort();
    this.#share = null;
    this.#state = { kind: "stopped" };
  }

  async #count(
    runId: string,
    area: EvaluationArea,
    signal: AbortSignal,
  ): Promise<{ readonly report: EvaluationReport; readonly detail: EvaluationDetail | null }> {
    const { evaluation } = this.#host.client;
    const projectId = this.#projectId;
    if (area.kind === "validation") {
      return { report: await evaluation.report({ projectId, runId, area }, { signal }), detail: null };
    }
    const { borderTolerancePixels, within } = this;
    const counting = evaluation.detail(
      {
        projectId,
        runId,
        mosaicIds: area.mosaicIds,
        borderTolerancePixels,
        ...(within === null ? {} : { within }),
      },
      { signal },
    );
    const detail = await awaitResult(counting, (share) => {
      if (!signal.aborted) {
        this.#share = share;
      }
    });
    return { report: detail.report, detail };
  }

  clear(): void {
    this.#request.abort();
    this.#share = null;
    this.#state = { kind: "none" };
    this.#runId = null;
  }
}
