import type { RunComparison } from "#shared/metrics/run-comparison.ts";
import { awaitResult } from "./await-result.ts";
import { sentenceOf, type HostAccess } from "./host-access.ts";

/** What comparing two runs on the same ground came to. */
export type ComparisonState =
  | { readonly kind: "none" }
  /** `share` says how far it is, 0–1. */
  | { readonly kind: "working"; readonly share: number }
  /** Somebody ended it. */
  | { readonly kind: "stopped" }
  /** `labels` names what both were held against, as `Labelling.labelsMark` does. */
  | { readonly kind: "ready"; readonly comparison: RunComparison; readonly labels: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Which runs are set side by side, and what two of them come to on the same pixels. */
export class RunComparing {
  readonly #host: HostAccess;
  readonly #projectId: string;
  #known: readonly string[] = $state.raw([]);
  #ticked: ReadonlySet<string> = $state.raw(new Set());
  #pair: readonly [string, string] | null = $state.raw(null);
  #state: ComparisonState = $state.raw({ kind: "none" });
  #request = new AbortController();

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  /** The runs ticked, the oldest first: a difference then says what the newer one gained. */
  get runIds(): readonly string[] {
    return this.#known.filter((id) => this.#ticked.has(id));
  }

  /** The two whose numbers are taken from each other: second minus first. */
  get pair(): readonly [first: string, second: string] | null {
    const { runIds } = this;
    if (this.#pair?.every((id) => runIds.includes(id)) === true) {
      return this.#pair;
    }
    const [first, second] = runIds;
    return first === undefined || second === undefined ? null : [first, second];
  }

  get state(): ComparisonState {
    return this.#state;
  }

  includes(runId: string): boolean {
    return this.#ticked.has(runId);
  }

  toggle(runId: string): void {
    const others = [...this.#ticked].filter((id) => id !== runId);
    this.#ticked = new Set(this.includes(runId) ? others : [...others, runId]);
  }

  clear(): void {
    this.#ticked = new Set();
    this.#pair = null;
    this.forget();
  }

  /** Takes up which runs there are, the oldest first: those that are gone can't be compared. */
  takeKnown(runIds: readonly string[]): void {
    this.#known = runIds;
  }

  choose(first: string, second: string): void {
    this.#pair = [first, second];
  }

  /** Compares on these mosaics, which both have predicted. */
  async load(pair: readonly [string, string], mosaicIds: readonly string[], labels: string): Promise<void> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    this.#state = { kind: "working", share: 0 };
    try {
      const comparison = await awaitResult(
        this.#host.client.evaluation.compare(
          { projectId: this.#projectId, runIds: [...pair], mosaicIds: [...mosaicIds] },
          { signal: request.signal },
        ),
        (share) => {
          if (!request.signal.aborted) {
            this.#state = { kind: "working", share };
          }
        },
      );
      if (!request.signal.aborted) {
        this.#state = { kind: "ready", comparison, labels };
      }
    } catch (thrown) {
      if (!request.signal.aborted) {
        this.#state = { kind: "refused", reason: sentenceOf(thrown) };
      }
    }
  }

  /** Ends the comparison under way. */
  stop(): void {
    this.#request.abort();
    this.#state = { kind: "stopped" };
  }

  forget(): void {
    this.#request.abort();
    this.#state = { kind: "none" };
  }
}
