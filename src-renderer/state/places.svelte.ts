import type { FoundPlaces, PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { Tile, TileSource } from "#shared/contract.ts";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import { sentenceOf, type HostAccess } from "./host-access.ts";
import type { MaskWords } from "#shared/command-line/command-lines.ts";
import { showLabelsOnTop, type LaidAside } from "./labels-on-top.ts";
import type { Layers, MasksOnMap } from "./layers.svelte.ts";
import type { MapViewState } from "./map-view.svelte.ts";

/** One place of the list. */
export type FoundPlace = FoundPlaces["largest"][number];

/** Where places of a run are looked for. */
export interface RunGround {
  readonly kind: "run";
  readonly runId: string;
  readonly mosaicIds: readonly string[];
  /** Pixels this near to a border between true classes are left out; 0 leaves out none. */
  readonly borderTolerancePixels: number;
  /** Which ground is searched; null for all that is labelled. */
  readonly within: EvaluatedGround | null;
}

/** Masks from elsewhere that were counted: their places are looked for on the ground of the count. */
export interface MasksGround extends MasksOnMap {
  readonly kind: "masks";
  /** How the command line is told of the same masks. */
  readonly choice: MaskWords;
}

/** What is compared with the labels, and where. */
export type PlaceGround = RunGround | MasksGround;

/** Which pixels are looked for, and where. */
export interface PlaceQuestion {
  readonly ground: PlaceGround;
  readonly selection: PlaceSelection;
  /** What is looked for in words: "road called building". */
  readonly title: string;
}

/** The places asked for last. */
export type PlacesState =
  | { readonly kind: "none" }
  | { readonly kind: "searching"; readonly question: PlaceQuestion }
  | {
      readonly kind: "found";
      readonly question: PlaceQuestion;
      readonly found: FoundPlaces;
      /** Which labels they were found in, as `Labelling.labelsMark` names them. */
      readonly labels: string;
      /** The place that the map was taken to; null before the first. */
      readonly current: number | null;
    }
  | { readonly kind: "refused"; readonly question: PlaceQuestion; readonly reason: string };

/** How many of the largest places are listed. */
const MOST_PLACES = 100;

/** What is seen around a place: as much again as it is large, and never less than this many pixels. */
const LEAST_SEEN_PIXELS = 64;

/** Where on the map a cell of the confusion matrix comes from: the places, and which one is looked at. */
export class Places {
  readonly #host: HostAccess;
  readonly #projectId: string;
  readonly #layers: Layers;
  #state: PlacesState = $state.raw({ kind: "none" });
  #request = new AbortController();
  #preparing = new AbortController();
  /** Whether the errors were on the map before places were asked for. */
  #errorsBefore = false;
  /** What covered the labels of a place while they are checked; null while nothing is laid aside. */
  #laidAside: LaidAside | null = null;

  constructor(host: HostAccess, projectId: string, layers: Layers) {
    this.#host = host;
    this.#projectId = projectId;
    this.#layers = layers;
  }

  get state(): PlacesState {
    return this.#state;
  }

  /** The selection whose pixels are on the map; null for none. */
  get selection(): PlaceSelection | null {
    return this.#state.kind === "none" ? null : this.#state.question.selection;
  }

  get current(): FoundPlace | null {
    const state = this.#state;
    return state.kind === "found" && state.current !== null
      ? (state.found.largest[state.current] ?? null)
      : null;
  }

  /** Shows the chosen pixels on the map at once and looks for their largest places. */
  async search(question: PlaceQuestion, labels: string): Promise<void> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    this.showAgain();
    if (this.#state.kind === "none") {
      this.#errorsBefore = this.#layers.errors.chosenVisible;
    }
    const { ground, selection } = question;
    this.#state = { kind: "searching", question };
    this.#showOnMap(ground);
    this.#layers.errorSelection = selection;
    this.#layers.errors.visible = true;
    try {
      const found = await this.#find(ground, selection, request.signal);
      if (!request.signal.aborted) {
        this.#state = { kind: "found", question, found, labels, current: null };
      }
    } catch (thrown) {
      if (!request.signal.aborted) {
        this.#state = { kind: "refused", question, reason: sentenceOf(thrown) };
      }
    }
  }

  /** Has the host find the places of all cells meanwhile, instead of others that it was to find; null for none. */
  prepare(ground: RunGround | null): void {
    this.#preparing.abort();
    const preparing = new AbortController();
    this.#preparing = preparing;
    if (ground !== null) {
      // What is wrong with them is told to whoever asks for places.
      this.#host.client.evaluation
        .preparePlaces(this.#inputOf(ground), { signal: preparing.signal })
        .catch(() => undefined);
    }
  }

  /** Takes the map to a place of the list. */
  go(index: number, mapView: MapViewState): void {
    const state = this.#state;
    const place = state.kind === "found" ? state.found.largest[index] : undefined;
    if (state.kind === "found" && place !== undefined) {
      this.showAgain();
      this.#state = { ...state, current: index };
      mapView.flyToWindow(place.mosaicId, seenAround(place));
    }
  }

  /** Takes the map to the next place (or the one before), around the ends of the list. */
  step(by: 1 | -1, mapView: MapViewState): void {
    const state = this.#state;
    if (state.kind === "found" && state.found.largest.length > 0) {
      const count = state.found.largest.length;
      const from = state.current ?? (by === 1 ? -1 : 0);
      this.go((from + by + count) % count, mapView);
    }
  }

  /** Takes off the map what covers the labels, until the next place, Results or `showAgain`; answers what that is. */
  layAside(): readonly string[] {
    const { titles, bringBack } = showLabelsOnTop(this.#layers);
    const before = this.#laidAside;
    this.#laidAside = {
      titles,
      bringBack: () => {
        before?.bringBack();
        bringBack();
      },
    };
    return titles;
  }

  /** Brings back what was laid aside. */
  showAgain(): void {
    this.#laidAside?.bringBack();
    this.#laidAside = null;
  }

  /** Whether errors are on the map apart from the places that are looked at: what is kept with the project. */
  get errorsStay(): boolean {
    const { chosenVisible } = this.#layers.errors;
    return this.#state.kind === "none" ? chosenVisible : chosenVisible && this.#errorsBefore;
  }

  /** Takes the chosen pixels off the map. */
  clear(): void {
    this.#request.abort();
    this.showAgain();
    const { errorsStay } = this;
    this.#state = { kind: "none" };
    this.#layers.masks = null;
    this.#layers.showAllErrors();
    this.#layers.errors.visible = errorsStay;
  }

  /** The map shows what the places are of: these masks or this run, and no other ground than was counted. */
  #showOnMap(ground: PlaceGround): void {
    switch (ground.kind) {
      case "run":
        this.#layers.choosePredictionRun(ground.runId);
        this.#layers.errorGround = {
          borderTolerancePixels: ground.borderTolerancePixels,
          within: ground.within,
        };
        break;
      case "masks": {
        const { masksId, name, mosaicIds } = ground;
        this.#layers.masks = { masksId, name, mosaicIds };
        break;
      }
    }
  }

  #find(ground: PlaceGround, selection: PlaceSelection, signal: AbortSignal): Promise<FoundPlaces> {
    const { evaluation } = this.#host.client;
    const request = { selection, most: MOST_PLACES };
    return ground.kind === "run"
      ? evaluation.places({ ...this.#inputOf(ground), ...request }, { signal })
      : evaluation.maskPlaces(
          { projectId: this.#projectId, masksId: ground.masksId, ...request },
          { signal },
        );
  }

  #inputOf({ runId, mosaicIds, borderTolerancePixels, within }: RunGround) {
    return {
      projectId: this.#projectId,
      runId,
      mosaicIds: [...mosaicIds],
      borderTolerancePixels,
      ...(within === null ? {} : { within }),
    };
  }

  /** A thumbnail of a place: one layer around it. */
  readTile(
    place: FoundPlace,
    source: TileSource,
    size: PixelSize,
    options: { readonly signal: AbortSignal },
  ): Promise<Tile> {
    return this.#host.client.rasters.tile(
      {
        projectId: this.#projectId,
        mosaicId: place.mosaicId,
        source,
        pixelWindow: seenAround(place),
        size: { width: size.width, height: size.height },
      },
      options,
    );
  }
}

/** A square around a place, with its surroundings. */
export function seenAround({ pixelWindow }: Pick<FoundPlace, "pixelWindow">): PixelWindow {
  const { x, y, width, height } = pixelWindow;
  const side = Math.round(Math.max(LEAST_SEEN_PIXELS, 1.6 * Math.max(width, height)));
  return {
    x: Math.round(x + width / 2 - side / 2),
    y: Math.round(y + height / 2 - side / 2),
    width: side,
    height: side,
  };
}
