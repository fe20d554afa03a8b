import type { MapPosition } from "#shared/geo/affine.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { MapProjection } from "#shared/project/mosaic.ts";
import type { LabelSurface } from "./labelling.svelte.ts";
import type { LayerKind } from "./layers.svelte.ts";
import { parseTypedPosition, type GroundPosition } from "./coordinates.ts";

/** A layer of a mosaic of which tiles could not be had, and why, in words for the user. */
export interface TileFailure {
  readonly mosaicId: string;
  readonly mosaicName: string;
  readonly kind: LayerKind;
  readonly message: string;
}

/** A part of a mosaic that is on screen. */
export interface ViewedWindow {
  readonly mosaicId: string;
  readonly pixelWindow: PixelWindow;
}

/** The middle of the map; `groundPosition` is null on a map without a known CRS. */
export interface MapCenter {
  readonly mapPosition: MapPosition;
  readonly groundPosition: GroundPosition | null;
}

/** What a drawn map can be asked to do; the map attaches itself when it appears. */
export interface MapController {
  fitMosaic(mosaicId: string): void;
  /** Moves so that the mosaic is in view, and zooms only when it would be too small or too large to work on. */
  flyToMosaic(mosaicId: string): void;
  /** Shows a part of a mosaic, in its own pixels. */
  flyToWindow(mosaicId: string, pixelWindow: PixelWindow): void;
  fitAll(): void;
  center(): MapCenter | null;
  /** Goes there and marks the place for a moment. */
  goToMap(position: MapPosition): void;
  /** False on a map without a known CRS. */
  goToGround(position: GroundPosition): boolean;
  zoomBy(levels: number): void;
  panBy(share: readonly [right: number, down: number]): void;
  resetRotation(): void;
  viewedWindows(): ViewedWindow[];
  retryFailedTiles(): void;
}

/** Where the map looks, for those who don't draw it. */
export class MapViewState {
  #controller: MapController | null = null;

  /** The map's projection now: the project's, or that of a mosaic that can't be placed in it. */
  projection: MapProjection | null = $state.raw(null);
  /** Metres on the ground of a screen pixel in the middle of the map; null without a known CRS. */
  groundMetersPerPixel: number | null = $state(null);
  /** Screen pixels of a mosaic pixel in the middle of the map; null away from mosaics. */
  magnification: number | null = $state(null);
  /** Radians, clockwise; 0 is north up. */
  rotation = $state(0);
  /** True when nothing is loading and the last frame is complete. */
  idle = $state(false);
  /** Grows whenever panning or zooming has ended. */
  moves = $state(0);
  /** Grows with every frame, for what is drawn over the map by others. */
  frames = $state(0);
  /** The map's element and the map as labelling needs it; null before it is drawn. */
  labelSurface: { readonly element: HTMLElement; readonly surface: LabelSurface } | null = $state.raw(null);
  /** Whether the field for coordinates is open. */
  goToOpen = $state(false);

  /** The map offers itself; the answer takes it away again. */
  attach(controller: MapController): () => void {
    this.#controller = controller;
    return () => {
      if (this.#controller === controller) {
        this.#controller = null;
      }
    };
  }

  flyToMosaic(mosaicId: string): void {
    this.#controller?.flyToMosaic(mosaicId);
  }

  fitMosaic(mosaicId: string): void {
    this.#controller?.fitMosaic(mosaicId);
  }

  flyToWindow(mosaicId: string, pixelWindow: PixelWindow): void {
    this.#controller?.flyToWindow(mosaicId, pixelWindow);
  }

  /** Shows all mosaics. */
  fit(): void {
    this.#controller?.fitAll();
  }

  zoomBy(levels: number): void {
    this.#controller?.zoomBy(levels);
  }

  panBy(share: readonly [right: number, down: number]): void {
    this.#controller?.panBy(share);
  }

  resetRotation(): void {
    this.#controller?.resetRotation();
  }

  retryFailedTiles(): void {
    this.#controller?.retryFailedTiles();
  }

  /** Goes to typed coordinates; answers with the reason when it can't. */
  goTo(text: string): string | null {
    const typed = parseTypedPosition(text);
    switch (typed.kind) {
      case "unreadable":
        return typed.reason;
      case "map":
        this.#controller?.goToMap(typed.position);
        return null;
      case "ground":
        return this.#controller?.goToGround(typed.position) === true
          ? null
          : "This map has no coordinate system: type a column and a row instead.";
    }
  }

  /** Where the middle of the map is; null before there is a map. */
  center(): MapCenter | null {
    return this.#controller?.center() ?? null;
  }

  /** Which pixels of which mosaics are on screen, nearest to the middle first. */
  viewedWindows(): ViewedWindow[] {
    return this.#controller?.viewedWindows() ?? [];
  }
}
