import type { PickableFile } from "#shared/contract.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { ConflictPlace, KeptSide, LabelConflicts } from "#shared/labels/label-merge.ts";
import { ERROR_COLOR } from "./error-color.ts";
import type { GroundAreaLayer } from "./ground-areas.svelte.ts";
import { sentenceOf, type HostAccess } from "./host-access.ts";

const nothing: LabelConflicts = { pixels: 0, places: 0, pairs: [], largest: [] };

/** Where two people's labels differ, and settling it. */
export class LabelConflictsState {
  readonly #host: HostAccess;
  readonly #projectId: string;
  readonly #ground: GroundAreaLayer;
  #found: LabelConflicts = $state.raw(nothing);
  #areas: readonly { readonly mosaicId: string; readonly pixelWindow: PixelWindow }[] = [];
  #failure: string | null = $state(null);
  #busy = $state(false);
  #request = new AbortController();

  constructor(host: HostAccess, projectId: string, ground: GroundAreaLayer) {
    this.#host = host;
    this.#projectId = projectId;
    this.#ground = ground;
  }

  get found(): LabelConflicts {
    return this.#found;
  }

  get failure(): string | null {
    return this.#failure;
  }

  /** While settling. */
  get busy(): boolean {
    return this.#busy;
  }

  get isShown(): boolean {
    return this.#ground.shown?.name === "conflicts";
  }

  /** Looks again: after each step of labelling, and when the project is opened. */
  async load(): Promise<void> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    try {
      const { found, areas } = await this.#host.client.merges.conflicts(
        { projectId: this.#projectId },
        { signal: request.signal },
      );
      if (!request.signal.aborted) {
        const isNew = this.#found.pixels === 0 && found.pixels > 0;
        this.#found = found;
        this.#areas = areas;
        if (isNew || this.isShown) {
          this.show();
        }
      }
    } catch (thrown) {
      if (!request.signal.aborted) {
        this.#failure = sentenceOf(thrown);
      }
    }
  }

  /** Puts the places on the map. */
  show(): void {
    if (this.#areas.length === 0) {
      this.hide();
      return;
    }
    this.#ground.show({
      name: "conflicts",
      title: "Labelled differently",
      areas: this.#areas.map((area) => ({ ...area, color: ERROR_COLOR, outlined: false })),
      // The inspector says it, and the tool bar is where a legend would be.
      legend: [],
    });
  }

  hide(): void {
    this.#ground.hide("conflicts");
  }

  /** Begins to merge a file into a mosaic, as a job; why it can't is the failure. */
  async merge(mosaicId: string, { fileId }: PickableFile): Promise<void> {
    this.#failure = null;
    try {
      await this.#host.client.merges.start({ projectId: this.#projectId, mosaicId, fileId });
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
    }
  }

  /** Settles one place, or (null) all that differs. */
  async settle(place: ConflictPlace | null, kept: KeptSide, allMosaicIds: readonly string[]): Promise<void> {
    await this.#attempt(async () => {
      const projectId = this.#projectId;
      const { client } = this.#host;
      if (place !== null) {
        const { mosaicId, pixelWindow, anchor } = place;
        await client.merges.settle({ projectId, mosaicId, place: { pixelWindow, anchor }, kept });
        return;
      }
      for (const mosaicId of allMosaicIds) {
        await client.merges.settle({ projectId, mosaicId, place: null, kept });
      }
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.#busy = true;
    this.#failure = null;
    try {
      await work();
      await this.load();
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
    } finally {
      this.#busy = false;
    }
  }
}
