import type { RunComparison } from "#shared/metrics/run-comparison.ts";
import { sentenceOf, type HostAccess } from "./host-access.ts";

/** What comparing two runs on the same ground came to. */
export type ComparisonState =
  | { readonly kind: "none" }
  | { readonly kind: "working" }
  | { readonly kind: "ready"; readonly comparison: RunComparison }
  | { readonly kind: "refused"; readonly reason: string };

/** Which runs are set side by side, and what two of them come to on the same pixels. */
export class RunComparing {
  readonly #host: HostAccess;
  readonly #projectId: string;
  #runIds: readonly string[] = $state.raw([]);
  #pair: readonly [string, string] | null = $state.raw(null);
  #state: ComparisonState = $state.raw({ kind: "none" });
  #request = new AbortController();

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  /** The runs ticked, in the order in which they were. */
  get runIds(): readonly string[] {
    return this.#runIds;
  }

  /** The two whose numbers are taken from each other: second minus first. */
  get pair(): readonly [first: string, second: string] | null {
    if (this.#pair?.every((id) => this.#runIds.includes(id)) === true) {
      return this.#pair;
    }
    const [first, second] = this.#runIds;
    return first === undefined || second === undefined ? null : [first, second];
  }

  get state(): ComparisonState {
    return this.#state;
  }

  includes(runId: string): boolean {
    return this.#runIds.includes(runId);
  }

  toggle(runId: string): void {
    this.#runIds = this.includes(runId)
      ? this.#runIds.filter((id) => id !== runId)
      : [...this.#runIds, runId];
  }

  clear(): void {
    this.#runIds = [];
    this.#pair = null;
    this.forget();
  }

  /** Runs that are gone can't be compared. */
  keepOnly(existing: ReadonlySet<string>): void {
    if (this.#runIds.some((id) => !existing.has(id))) {
      this.#runIds = this.#runIds.filter((id) => existing.has(id));
    }
  }

  choose(first: string, second: string): void {
    this.#pair = [first, second];
  }

  /** Compares on these mosaics, which both have predicted. */
  async load(pair: readonly [string, string], mosaicIds: readonly string[]): Promise<void> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    this.#state = { kind: "working" };
    try {
      const comparison = await this.#host.client.evaluation.compare(
        { projectId: this.#projectId, runIds: [...pair], mosaicIds: [...mosaicIds] },
        { signal: request.signal },
      );
      if (!request.signal.aborted) {
        this.#state = { kind: "ready", comparison };
      }
    } catch (thrown) {
      if (!request.signal.aborted) {
        this.#state = { kind: "refused", reason: sentenceOf(thrown) };
      }
    }
  }

  forget(): void {
    this.#request.abort();
    this.#state = { kind: "none" };
  }
}
