import type { SplitArea, SplitPart } from "#shared/training/saved-split.ts";
import type { SplitDraft, SplitPreview, SplitSummary } from "#shared/training/split-preview.ts";
import { isPassing, sentenceOf, type HostAccess } from "./host-access.ts";
import { watchStream } from "./watch-stream.ts";

/** What the split on the map is: `stale` while a newer one is worked out. */
export type SplitState =
  | { readonly kind: "none" }
  | { readonly kind: "ready"; readonly preview: SplitPreview; readonly stale: boolean }
  | { readonly kind: "refused"; readonly reason: string };

const DELAY_MILLISECONDS = 200;

/** The first draft: what suits most data. */
const firstDraft: SplitDraft = {
  kind: "blocks",
  validation: 0.2,
  test: 0,
  stratified: true,
  blockMeters: 256,
  guardMeters: 0,
};

/** Dividing the ground on the map: the draft, what it comes to, and the splits saved before. */
export class SplitEditor {
  readonly #host: HostAccess;
  readonly #projectId: string;
  #open = $state(false);
  #draft: SplitDraft = $state.raw(firstDraft);
  #tilePixels = $state(256);
  #seed = $state(0);
  #state: SplitState = $state.raw({ kind: "none" });
  #saved: readonly SplitSummary[] = $state.raw([]);
  #failure: string | null = $state(null);
  #request = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** What is drawn by hand next; null while nothing is. */
  drawing: SplitPart | null = $state(null);

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  get open(): boolean {
    return this.#open;
  }

  get draft(): SplitDraft {
    return this.#draft;
  }

  get tilePixels(): number {
    return this.#tilePixels;
  }

  get seed(): number {
    return this.#seed;
  }

  get state(): SplitState {
    return this.#state;
  }

  /** The newest first. */
  get saved(): readonly SplitSummary[] {
    return this.#saved;
  }

  get failure(): string | null {
    return this.#failure;
  }

  /** Opens the editor for tiles of a training. */
  show(tilePixels: number, seed: number): void {
    this.#open = true;
    this.#tilePixels = tilePixels;
    this.#seed = seed;
    this.#soon();
  }

  hide(): void {
    this.#open = false;
    this.drawing = null;
    this.#request.abort();
    clearTimeout(this.#timer);
  }

  change(draft: SplitDraft): void {
    this.#draft = draft;
    if (draft.kind !== "areas") {
      this.drawing = null;
    }
    this.#soon();
  }

  /** Another draw of the same shares. */
  reseed(): void {
    this.#seed = (this.#seed + 1) % 0x1_0000_0000;
    this.#soon();
  }

  /** Puts an area over what there is: whatever the draft was, it is drawn by hand from now on. */
  addArea(area: SplitArea): void {
    const before = this.#state.kind === "ready" ? this.#state.preview.split : null;
    const ground =
      this.#draft.kind === "areas"
        ? this.#draft
        : (before ?? { areas: [], rest: "training" as const, guardMeters: 0 });
    this.change({
      kind: "areas",
      areas: [...ground.areas, area],
      rest: ground.rest,
      guardMeters: ground.guardMeters,
    });
  }

  /** Puts another area in the place of one that was drawn. */
  replaceArea(index: number, area: SplitArea): void {
    if (this.#draft.kind === "areas" && index < this.#draft.areas.length) {
      // Not `with`: it is missing in the oldest Chromium we run on.
      const areas = this.#draft.areas.map((other, place) => (place === index ? area : other));
      this.change({ ...this.#draft, areas });
    }
  }

  removeArea(index: number): void {
    if (this.#draft.kind === "areas") {
      this.change({ ...this.#draft, areas: this.#draft.areas.filter((_, other) => other !== index) });
    }
  }

  undoArea(): void {
    if (this.#draft.kind === "areas" && this.#draft.areas.length > 0) {
      this.change({ ...this.#draft, areas: this.#draft.areas.slice(0, -1) });
    }
  }

  /** Keeps the split by name; answers its id, or null with `failure` set. */
  async save(name: string): Promise<string | null> {
    this.#failure = null;
    try {
      const { splitId } = await this.#host.client.splits.save({
        projectId: this.#projectId,
        name,
        draft: this.#draft,
        tilePixels: this.#tilePixels,
        seed: this.#seed,
      });
      return splitId;
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
      return null;
    }
  }

  async remove(splitId: string): Promise<void> {
    await this.#host.client.splits.remove({ projectId: this.#projectId, splitId });
  }

  watch(signal: AbortSignal): void {
    void watchStream(
      this.#host.link,
      (inner) => this.#host.client.splits.watch({ projectId: this.#projectId }, { signal: inner }),
      (splits) => {
        this.#saved = splits;
      },
      { signal },
    );
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#request.abort();
    if (this.#state.kind === "ready") {
      this.#state = { ...this.#state, stale: true };
    }
    if (this.#open) {
      this.#timer = setTimeout(() => {
        void this.#preview();
      }, DELAY_MILLISECONDS);
    }
  }

  async #preview(): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    try {
      const preview = await this.#host.client.splits.preview(
        {
          projectId: this.#projectId,
          draft: this.#draft,
          tilePixels: this.#tilePixels,
          seed: this.#seed,
        },
        { signal: request.signal },
      );
      if (!request.signal.aborted) {
        this.#state = { kind: "ready", preview, stale: false };
      }
    } catch (thrown) {
      if (!request.signal.aborted && !isPassing(thrown)) {
        this.#state = { kind: "refused", reason: sentenceOf(thrown) };
      }
    }
  }
}
