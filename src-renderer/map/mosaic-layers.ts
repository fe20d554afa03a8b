import { createEmpty, type Extent } from "ol/extent.js";
import type { FrameState } from "ol/Map.js";
import type Projection from "ol/proj/Projection.js";
import type RenderEvent from "ol/render/Event.js";
import type { Tile, TileSource } from "#shared/contract.ts";
import { windowIntersection, type PixelWindow } from "#shared/geo/pixel-window.ts";
import { shapeWindow } from "#shared/labels/rasterize-shape.ts";
import type { PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import { usualDisplay, type ImageryDisplay } from "#shared/project/imagery-display.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import { layerKinds, type ClassDrawing, type ErrorGround, type LayerKind } from "../state/layers.svelte.ts";
import { classStyle } from "./class-style.ts";
import {
  confidenceStyle,
  disagreementStyle,
  uncertaintyStyle,
  unlabelledStyle,
} from "./comparison-styles.ts";
import { errorStyle, errorVariables } from "./error-style.ts";
import {
  drawnLook,
  mosaicInFront,
  namesMosaic,
  type DrawnLook,
  type LayerStates,
} from "../state/drawn-look.ts";
import { boxIntersection, fullSpan, scissorBox, type ScissorBox } from "./clip.ts";
import type { MosaicPixel } from "../state/cursor.svelte.ts";
import type { MosaicScene, PlacedMosaic } from "./mosaic-scene.ts";
import type { LabelPaint } from "../state/labelling.svelte.ts";
import { LabelPaints, paintTile, reachesTile } from "./label-paints.ts";
import { LabelTileMemory } from "./label-tile-memory.ts";
import { mapExtentOf, type TilePlan } from "./mosaic-grid.ts";
import { MosaicSource } from "./mosaic-source.ts";
import { MosaicTileLayer } from "./tile-layer.ts";
import { PixelProbe } from "./pixel-probe.ts";
import { withBands, type Bands } from "./tile-reader.ts";
import type { TileRequest } from "./tile-request.ts";
import type { TileStatistics } from "./tile-statistics.ts";

export interface MosaicLayersOptions {
  /** Reads pixels of a mosaic. */
  readonly readTile: (
    mosaicId: string,
    source: TileSource,
    request: TileRequest,
    options: { readonly signal: AbortSignal },
  ) => Promise<Tile>;
  readonly isPassing: (reason: unknown) => boolean;
  readonly onFailure: (mosaicId: string, kind: LayerKind, message: string) => void;
  /** The classes under the cursor should be read again. */
  readonly onClassesChange: () => void;
  readonly statistics: TileStatistics;
}

/** Which mosaics have which layers. */
export interface LayerContents {
  /** The run whose predictions are shown, and the mosaics it has predicted. */
  readonly predictionRunId: string | null;
  readonly hasPrediction: (mosaicId: string) => boolean;
  /** Whether that run predicts as one looks. */
  readonly isLive: boolean;
  /** Masks from elsewhere that are shown in place of a run's prediction. */
  readonly masksId: string | null;
  /** Which ground the errors of a run are shown on. */
  readonly errorGround: ErrorGround;
  /** The run that is compared with it, and the mosaics that this one has predicted. */
  readonly otherRunId: string | null;
  readonly hasOther: (mosaicId: string) => boolean;
}

/** How the imagery of a mosaic is turned into colours. */
export type DisplayOf = (mosaicId: string) => ImageryDisplay;

/** Kinds whose tiles hold the class of each pixel. */
type ClassKind = "labels" | "prediction";

/** Kinds that are drawn in the classes' colours. */
type ClassStyledKind = ClassKind | "other";

const bandsOf: Readonly<Record<LayerKind, Bands>> = {
  imagery: 4,
  labels: 1,
  prediction: 2,
  other: 2,
  confidence: 2,
  uncertainty: 2,
  errors: 2,
  disagreement: 1,
  unlabelled: 1,
};

/** Kinds that change with a mosaic's labels. */
const kindsOfLabels: readonly LayerKind[] = ["labels", "errors", "disagreement", "unlabelled"];

/** Kinds that change with the prediction of the run that is shown. */
const kindsOfPrediction: readonly LayerKind[] = [
  "prediction",
  "confidence",
  "uncertainty",
  "errors",
  "disagreement",
];

/** Kinds that change with the prediction of the run that is compared. */
const kindsOfOther: readonly LayerKind[] = ["other", "disagreement"];

/**
 * Kinds with a canvas of their own. A frame in which only labels change, as in painting, then doesn't draw the imagery again: that is most of
 * its cost where there is no graphics processor.
 */
const ownCanvas: Readonly<Partial<Record<LayerKind, string>>> = {
  imagery: "imagery-canvas",
  labels: "labels-canvas",
};

/** Where among the layers something lies that covers labels, and nothing else of what covers them. */
export const ABOVE_LABELS = 1.5;

/** How long after it came a tile that isn't finished is asked for again. */
const UNFINISHED_MILLISECONDS = 1000;

/** Tiles kept for each kind: 80 MB of imagery, a quarter of that for each of the others; an HD screen shows about 50. */
const TILES_KEPT = 320;

/** The tile layers of the map and the sources they draw, one for each mosaic in view. */
export class MosaicLayers {
  readonly layers: Readonly<Record<LayerKind, MosaicTileLayer>>;
  readonly #options: MosaicLayersOptions;
  readonly #sources: Readonly<Record<LayerKind, Map<string, MosaicSource>>> = {
    imagery: new Map(),
    labels: new Map(),
    prediction: new Map(),
    other: new Map(),
    confidence: new Map(),
    uncertainty: new Map(),
    errors: new Map(),
    disagreement: new Map(),
    unlabelled: new Map(),
  };
  readonly #probe: PixelProbe<ClassKind>;
  #scene: MosaicScene | null = null;
  #projection: Projection | null = null;
  #contents: LayerContents = {
    predictionRunId: null,
    hasPrediction: () => false,
    isLive: false,
    masksId: null,
    errorGround: { borderTolerancePixels: 0, within: null },
    otherRunId: null,
    hasOther: () => false,
  };
  #states: LayerStates | null = null;
  #displayOf: DisplayOf = () => usualDisplay;
  /** The last frame in which a canvas was cleared. */
  readonly #clearedFrames = new WeakMap<WebGLRenderingContext, number>();
  readonly #paints = new LabelPaints();
  readonly #memory = new LabelTileMemory();
  /** What each layer is drawn by, to tell whether it is another. */
  readonly #styles = new Map<ClassStyledKind, string>();
  #labelColors: ReadonlyMap<number, string> = new Map();
  /** Mosaics that are labelled from nothing: their labels are drawn before the project knows of any. */
  readonly #labelled = new Set<string>();

  constructor(options: MosaicLayersOptions) {
    this.#options = options;
    this.#probe = new PixelProbe({
      read: (kind, pixel, readOptions) => this.#readPixel(kind, pixel, readOptions),
      onChange: options.onClassesChange,
    });
    const layer = (kind: LayerKind, zIndex: number): MosaicTileLayer => {
      const created = new MosaicTileLayer({
        sources: (extent, resolution) => this.#sourcesInView(kind, extent, resolution),
        bands: bandsOf[kind],
        style: firstStyleOf(kind),
        cacheSize: TILES_KEPT,
        ...(ownCanvas[kind] === undefined ? {} : { canvasName: ownCanvas[kind] }),
        zIndex,
      });
      created.on("prerender", (event) => {
        this.#clip(kind, event);
      });
      created.on("postrender", ({ context, frameState }) => {
        if (isWebGL(context)) {
          context.disable(context.SCISSOR_TEST);
        }
        this.#setOpacity(kind, frameState, 1);
      });
      return created;
    };
    this.layers = {
      imagery: layer("imagery", 0),
      labels: layer("labels", 1),
      prediction: layer("prediction", 2),
      other: layer("other", 3),
      confidence: layer("confidence", 4),
      uncertainty: layer("uncertainty", 5),
      errors: layer("errors", 6),
      disagreement: layer("disagreement", 7),
      unlabelled: layer("unlabelled", 8),
    };
  }

  /** Shows the mosaics of a scene, in the projection that it was made for. */
  setScene(scene: MosaicScene, projection: Projection): void {
    if (this.#projection !== projection || this.#scene !== scene) {
      this.#drop(() => true);
    }
    this.#scene = scene;
    this.#projection = projection;
  }

  /** Forgets the tiles of some mosaics, whose files or places have changed. */
  forget(mosaicIds: readonly string[]): void {
    const outdated = new Set(mosaicIds);
    this.#probe.forget(({ mosaicId }) => outdated.has(mosaicId));
    this.#drop((_, mosaicId) => outdated.has(mosaicId));
  }

  setContents(contents: LayerContents): void {
    const runChanged =
      this.#contents.predictionRunId !== contents.predictionRunId ||
      this.#contents.isLive !== contents.isLive ||
      this.#contents.masksId !== contents.masksId;
    const groundChanged = !isSameGround(this.#contents.errorGround, contents.errorGround);
    const otherChanged = this.#contents.otherRunId !== contents.otherRunId;
    this.#contents = contents;
    this.#probe.forget(() => true);
    this.#drop((kind, mosaicId) => {
      const mask = this.#scene?.get(mosaicId)?.mosaic.mask;
      const isLabelled = mask !== undefined && (hasLabels(mask) || this.#labelled.has(mosaicId));
      return (
        (kindsOfPrediction.includes(kind) && (runChanged || !contents.hasPrediction(mosaicId))) ||
        (kind === "errors" && groundChanged) ||
        (kindsOfOther.includes(kind) && (otherChanged || !contents.hasOther(mosaicId))) ||
        (kindsOfLabels.includes(kind) && kind !== "unlabelled" && !isLabelled)
      );
    });
    this.redraw();
  }

  /** Shows a paint on the tiles that come until it is stored; `showPaint` shows it on those there are. */
  paintLabels(mosaicId: string, paint: LabelPaint): void {
    if (!this.#labelled.has(mosaicId)) {
      this.#labelled.add(mosaicId);
      this.layers.labels.changed();
    }
    this.#paints.add(mosaicId, paint);
  }

  /** Draws parts of a paint that grows. */
  showPaint(mosaicId: string, paint: LabelPaint, parts: LabelPaint["parts"]): void {
    this.#sources.labels.get(mosaicId)?.alter((plan, bytes, tile) => {
      if (!reachesTile(plan, parts)) {
        return false;
      }
      this.#memory.keep(paint, tile, bytes);
      return paintTile(plan, bytes, paint.paintable, parts);
    });
    this.#labelsChanged(mosaicId, parts);
  }

  /** Shows tiles without a paint that is taken back, or with one that is done again, as they are remembered; false where none are. */
  movePaint(mosaicId: string, paint: LabelPaint): boolean {
    const isKnown = this.#memory.exchange(paint);
    if (isKnown) {
      this.#labelsChanged(mosaicId, paint.parts);
    }
    return isKnown;
  }

  /** Has labels drawn anew under the shapes of an edit. */
  #labelsChanged(mosaicId: string, parts: LabelPaint["parts"]): void {
    const grid = this.#scene?.get(mosaicId)?.grid;
    if (grid === undefined) {
      this.layers.labels.changed();
      return;
    }
    for (const { shape } of parts) {
      const around = shapeWindow(shape);
      if (around !== null) {
        this.layers.labels.changedWithin(mapExtentOf(grid, around));
      }
    }
  }

  /** Has a frame drawn, in which labels that changed are asked for. */
  requestFrame(): void {
    this.layers.labels.changedWithin(createEmpty());
  }

  forgetPaint(paint: LabelPaint): void {
    this.#memory.forget(paint);
  }

  /** Labels have changed on the host: tiles under these windows (null: all) are read again. */
  invalidateLabels(mosaicId: string, pixelWindows: readonly PixelWindow[] | null): void {
    this.#labelled.add(mosaicId);
    this.#invalidate(kindsOfLabels, mosaicId, pixelWindows ?? [null]);
    this.#probe.forget((pixel) => pixel.mosaicId === mosaicId);
  }

  setClasses(classes: readonly LandClass[], kind: ClassStyledKind, drawing: ClassDrawing): void {
    // The project is told of anew at every stroke, and each style compiles a program that OpenLayers never lets go of.
    const style = JSON.stringify([classes, drawing]);
    if (this.#styles.get(kind) === style) {
      return;
    }
    this.#styles.set(kind, style);
    this.layers[kind].setStyle(classStyle(classes, drawing));
    if (kind === "labels") {
      this.#labelColors = new Map(classes.map(({ id, color }) => [id, color]));
    }
  }

  /** Chooses which errors are drawn; asks for no tile again. */
  setErrorSelection(selection: PlaceSelection): void {
    this.layers.errors.updateStyleVariables(errorVariables(selection));
  }

  /** Shows, hides and divides the layers of the mosaics; asks for no tile again. */
  setStates(states: LayerStates): void {
    this.#states = states;
    for (const kind of layerKinds) {
      this.layers[kind].setOpacity(states.kinds[kind].opacity);
    }
    this.redraw();
  }

  /** The mosaic that a swipe puts in front at a place on the map, 0–1 of its width; null without one. */
  inFrontAt(share: number): string | null {
    return this.#states === null ? null : mosaicInFront(this.#states, share);
  }

  /** Shows imagery in other colours: tiles are redrawn in place, so that nothing flickers. */
  setDisplays(displayOf: DisplayOf): void {
    const before = this.#displayOf;
    this.#displayOf = displayOf;
    for (const [mosaicId, source] of this.#sources.imagery) {
      if (before(mosaicId) !== displayOf(mosaicId)) {
        source.invalidate(null);
      }
    }
    this.layers.imagery.changed();
  }

  /** Has a mosaic's imagery drawn anew, where it is in view. */
  invalidateImagery(mosaicId: string): void {
    this.#invalidate(["imagery"], mosaicId, [null]);
  }

  /** Has the tiles drawn anew that show a part of a prediction; null means all of it. */
  invalidatePrediction(mosaicId: string, pixelWindow: PixelWindow | null): void {
    this.#invalidate(kindsOfPrediction, mosaicId, [pixelWindow]);
    this.#probe.forget(
      (pixel) =>
        pixel.mosaicId === mosaicId &&
        (pixelWindow === null || windowIntersection(pixelWindow, windowOf(pixel)) !== null),
    );
  }

  /** The same of the run that is compared. */
  invalidateOther(mosaicId: string, pixelWindow: PixelWindow | null): void {
    this.#invalidate(kindsOfOther, mosaicId, [pixelWindow]);
  }

  retryFailed(): void {
    for (const source of this.#all()) {
      source.retryFailed();
    }
    this.redraw();
  }

  redraw(): void {
    for (const kind of layerKinds) {
      this.layers[kind].changed();
    }
  }

  /** To be called with every frame: stops what it doesn't want, and says whether all labels it shows are as new as is known. */
  afterFrame(frame: FrameState): { readonly labelsAreNew: boolean } {
    let labelsAreNew = true;
    // Labels that changed are read again after the stroke that goes on: its frames must not wait for the map.
    const refresh = !this.#paints.isPainting;
    for (const kind of layerKinds) {
      const waits = kindsOfLabels.includes(kind);
      for (const source of this.#sources[kind].values()) {
        const isNew = source.keepOnly(frame.wantedTiles[source.wantedKey], { refresh: refresh || !waits });
        labelsAreNew &&= isNew || kind !== "labels";
      }
    }
    return { labelsAreNew };
  }

  /** How labels of a mosaic are drawn, with their opacity on screen; null where they aren't. */
  labelLook(mosaicId: string): DrawnLook | null {
    const look = this.#look("labels", mosaicId);
    return look === null ? null : { ...look, opacity: look.opacity * this.layers.labels.getOpacity() };
  }

  /** Ids of the tiles of labels that are loaded for a view, and what each shows of the map. */
  labelTiles(
    mosaicId: string,
    extent: Extent,
    resolution: number,
  ): readonly { readonly ids: Uint8Array; readonly mapExtent: Extent }[] {
    return this.#sources.labels.get(mosaicId)?.loadedTiles(extent, resolution) ?? [];
  }

  /** The colour of a class of the labels; null for an id without one. */
  labelColor(id: number): string | null {
    return this.#labelColors.get(id) ?? null;
  }

  /**
   * The bytes of kinds at a place on screen: those of the tile that is drawn there, else of the pixel itself, which
   * is read when the cursor rests on it. Null where there are none, or none yet.
   */
  classesAt(screenPixel: readonly number[], pixel: MosaicPixel): Record<ClassKind, Uint8Array | null> {
    this.#probe.moveTo(pixel);
    const { swipe } = this.#states ?? {};
    const bytes = (kind: ClassKind): Uint8Array | null =>
      // In a swipe between mosaics, the tile that OpenLayers takes may be the other one's.
      (this.#look(kind, pixel.mosaicId) === null || swipe?.left.mosaicId !== swipe?.right.mosaicId
        ? null
        : this.#drawnBytesAt(kind, screenPixel)) ?? this.#probe.bytes(kind);
    return { labels: bytes("labels"), prediction: bytes("prediction") };
  }

  /** The cursor has left all mosaics. */
  leavePixel(): void {
    this.#probe.moveTo(null);
  }

  dispose(): void {
    this.#probe.dispose();
    this.#drop(() => true);
    for (const kind of layerKinds) {
      this.layers[kind].dispose();
    }
  }

  #drawnBytesAt(kind: ClassKind, screenPixel: readonly number[]): Uint8Array | null {
    const data = this.layers[kind].getData([...screenPixel]);
    return data instanceof Uint8Array ? data : null;
  }

  async #readPixel(
    kind: ClassKind,
    pixel: MosaicPixel,
    options: { readonly signal: AbortSignal },
  ): Promise<Uint8Array | null> {
    const mosaic = this.#scene?.get(pixel.mosaicId)?.mosaic;
    const source = this.#tileSource(kind, pixel.mosaicId, mosaic !== undefined && hasLabels(mosaic.mask));
    if (source === null) {
      return null;
    }
    const request = { pixelWindow: windowOf(pixel), size: { width: 1, height: 1 } };
    return withBands(
      await this.#options.readTile(pixel.mosaicId, source, request, options),
      bandsOf[kind],
      1,
    );
  }

  #sourcesInView(kind: LayerKind, extent: Extent, resolution: number): MosaicSource[] {
    if (this.#scene === null) {
      return [];
    }
    const drawn = this.#scene
      .inView(extent, resolution)
      .filter(({ mosaic }) => this.#look(kind, mosaic.id) !== null);
    const swipe = this.#states?.swipe ?? null;
    const compared = (placed: PlacedMosaic): boolean => namesMosaic(swipe, placed.mosaic.id);
    const behind = drawn.filter((placed) => !compared(placed));
    return [...behind, ...drawn.filter(compared)]
      .map((placed) => this.#source(kind, placed))
      .filter((source) => source !== null);
  }

  #look(kind: LayerKind, mosaicId: string): ReturnType<typeof drawnLook> {
    return this.#states === null ? null : drawnLook(this.#states, kind, mosaicId);
  }

  #source(kind: LayerKind, { mosaic, grid }: PlacedMosaic): MosaicSource | null {
    const known = this.#sources[kind].get(mosaic.id);
    if (known !== undefined) {
      return known;
    }
    const tileSource = this.#tileSource(kind, mosaic.id, hasLabels(mosaic.mask));
    if (tileSource === null || this.#projection === null) {
      return null;
    }
    const source = new MosaicSource({
      mosaicId: mosaic.id,
      grid,
      projection: this.#projection,
      bands: bandsOf[kind],
      read: async (request, options) => {
        const tile = await this.#options.readTile(
          mosaic.id,
          tileSource.kind === "imagery"
            ? { kind: "imagery", display: this.#displayOf(mosaic.id) }
            : tileSource,
          request,
          options,
        );
        if (tile.unfinished) {
          setTimeout(() => {
            if (this.#sources[kind].get(mosaic.id) === source) {
              this.#invalidate([kind], mosaic.id, [request.pixelWindow]);
            }
          }, UNFINISHED_MILLISECONDS);
        }
        return tile;
      },
      statistics: this.#options.statistics,
      isPassing: this.#options.isPassing,
      onChange: (mapExtent) => {
        if (mapExtent === null) {
          this.layers[kind].changed();
        } else {
          this.layers[kind].changedWithin(mapExtent);
        }
      },
      onFailure: (message) => {
        this.#options.onFailure(mosaic.id, kind, message);
      },
      ...(kind === "labels"
        ? {
            amend: (plan: TilePlan, bytes: Uint8Array, since: number) => {
              this.#paints.amend(mosaic.id, plan, bytes, since);
            },
          }
        : {}),
    });
    this.#sources[kind].set(mosaic.id, source);
    return source;
  }

  #tileSource(kind: LayerKind, mosaicId: string, hasMask: boolean): TileSource | null {
    switch (kind) {
      case "imagery":
      case "unlabelled":
        return { kind };
      case "labels":
        return hasMask || this.#labelled.has(mosaicId) ? { kind } : null;
      case "prediction":
      case "confidence": {
        const { predictionRunId: runId, isLive, masksId } = this.#contents;
        if (masksId !== null) {
          return kind === "prediction" && this.#contents.hasPrediction(mosaicId)
            ? { kind: "masks", masksId }
            : null;
        }
        return runId !== null && this.#contents.hasPrediction(mosaicId)
          ? { kind: isLive ? "live" : "prediction", runId }
          : null;
      }
      case "uncertainty": {
        const { predictionRunId: runId, isLive } = this.#contents;
        return runId !== null && this.#contents.hasPrediction(mosaicId)
          ? { kind, runId, live: isLive }
          : null;
      }
      case "other": {
        const { otherRunId, hasOther } = this.#contents;
        return otherRunId !== null && hasOther(mosaicId) ? { kind: "prediction", runId: otherRunId } : null;
      }
      case "disagreement": {
        const { predictionRunId, otherRunId, hasPrediction, hasOther } = this.#contents;
        const comparable = hasMask && hasPrediction(mosaicId) && hasOther(mosaicId);
        return predictionRunId !== null && otherRunId !== null && comparable
          ? { kind: "disagreement", runId: predictionRunId, otherRunId }
          : null;
      }
      case "errors": {
        const { predictionRunId: runId, masksId, errorGround } = this.#contents;
        if (!hasMask || !this.#contents.hasPrediction(mosaicId)) {
          return null;
        }
        return masksId !== null
          ? { kind: "comparison", judged: { kind: "masks", masksId } }
          : runId !== null
            ? { kind: "comparison", judged: { kind: "run", runId, ...errorGround } }
            : null;
      }
    }
  }

  /** Confines drawing to the mosaic's own part of the screen and to the kind's span of it. */
  #clip(kind: LayerKind, { context, frameState }: RenderEvent): void {
    const source = this.layers[kind].sourceBeingDrawn();
    const look = source === null ? null : this.#look(kind, source.mosaicId);
    this.#setOpacity(kind, frameState, look?.opacity ?? 0);
    if (!isWebGL(context) || frameState === undefined || source === null) {
      return;
    }
    const { partBeingDrawn } = this.layers[kind];
    if (this.#clearedFrames.get(context) !== frameState.index) {
      // The canvas may be shared and is kept between frames; OpenLayers would clear only what the first scissor leaves open.
      this.#clearedFrames.set(context, frameState.index);
      context.bindFramebuffer(context.FRAMEBUFFER, null);
      if (partBeingDrawn !== null) {
        setScissor(context, scissorBox(frameState, partBeingDrawn, fullSpan));
      }
      context.clearColor(0, 0, 0, 0);
      context.clear(context.COLOR_BUFFER_BIT);
    }
    const box = scissorBox(frameState, source.grid.mapExtent, look ?? { from: 0, to: 0 });
    setScissor(
      context,
      partBeingDrawn === null ? box : boxIntersection(box, scissorBox(frameState, partBeingDrawn, fullSpan)),
    );
  }

  /** OpenLayers draws each source with the opacity that the layer's state has just then. */
  #setOpacity(kind: LayerKind, frameState: FrameState | undefined, factor: number): void {
    const state = frameState?.layerStatesArray[frameState.layerIndex];
    if (state !== undefined) {
      state.opacity = this.layers[kind].getOpacity() * factor;
    }
  }

  /** Has tiles of a mosaic read again that lie under these windows; null for all. */
  #invalidate(
    kinds: readonly LayerKind[],
    mosaicId: string,
    pixelWindows: readonly (PixelWindow | null)[],
  ): void {
    for (const kind of kinds) {
      for (const pixelWindow of pixelWindows) {
        this.#sources[kind].get(mosaicId)?.invalidate(pixelWindow);
      }
      // Nothing looks different before the tiles have come.
      this.layers[kind].changedWithin(createEmpty());
    }
  }

  #drop(outdated: (kind: LayerKind, mosaicId: string) => boolean): void {
    for (const kind of layerKinds) {
      for (const [mosaicId, source] of this.#sources[kind]) {
        if (outdated(kind, mosaicId)) {
          this.#sources[kind].delete(mosaicId);
          source.abandon();
        }
      }
    }
  }

  #all(): MosaicSource[] {
    return layerKinds.flatMap((kind) => [...this.#sources[kind].values()]);
  }
}

function isSameGround(one: ErrorGround, other: ErrorGround): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function firstStyleOf(kind: LayerKind): ConstructorParameters<typeof MosaicTileLayer>[0]["style"] {
  switch (kind) {
    case "imagery":
      return {};
    case "errors":
      return errorStyle;
    case "confidence":
      return confidenceStyle;
    case "uncertainty":
      return uncertaintyStyle;
    case "disagreement":
      return disagreementStyle;
    case "unlabelled":
      return unlabelledStyle;
    case "labels":
    case "prediction":
    case "other":
      return classStyle([], "fill");
  }
}

function setScissor(context: WebGLRenderingContext, { x, y, width, height }: ScissorBox): void {
  context.enable(context.SCISSOR_TEST);
  context.scissor(x, y, width, height);
}

function isWebGL(context: RenderEvent["context"]): context is WebGLRenderingContext {
  return context !== undefined && "scissor" in context;
}

function windowOf({ column, row }: MosaicPixel): PixelWindow {
  return { x: column, y: row, width: 1, height: 1 };
}
