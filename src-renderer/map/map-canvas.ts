import { easeOut } from "ol/easing.js";
import {
  boundingExtent,
  createEmpty,
  getCenter,
  getHeight,
  getWidth,
  isEmpty,
  type Extent,
} from "ol/extent.js";
import { noModifierKeys, primaryAction } from "ol/events/condition.js";
import DragPan from "ol/interaction/DragPan.js";
import Kinetic from "ol/Kinetic.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import OpenLayersMap, { type FrameState } from "ol/Map.js";
import type MapBrowserEvent from "ol/MapBrowserEvent.js";
import View from "ol/View.js";
import type { MapPosition } from "#shared/geo/affine.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { MapProjection, ReadyMosaic } from "#shared/project/mosaic.ts";
import type { ViewState } from "#shared/project/project-snapshot.ts";
import type { GroundPosition } from "../state/coordinates.ts";
import { Crosshair } from "./crosshair.ts";
import { GroundAreaOutlines } from "./ground-area-layer.ts";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { afterPaint, noteDuration } from "../state/durations.ts";
import type { LabelPaint, LabelSurface } from "../state/labelling.svelte.ts";
import type { MapCenter, MapController, ViewedWindow } from "../state/map-view.svelte.ts";
import {
  openingExtent,
  resolutionLimits,
  wholeExtent,
  type ResolutionLimits,
  type ScreenSize,
} from "./map-extent.ts";
import { ABOVE_LABELS, MosaicLayers, type MosaicLayersOptions } from "./mosaic-layers.ts";
import { MosaicScene, viewedWindow, type PlacedMosaic } from "./mosaic-scene.ts";
import { PaintOverlay, type OverlaidMap } from "./paint-overlay.ts";
import { Outlines } from "./outlines.ts";
import type { LabelTileOnScreen } from "./result-painter.ts";
import { ReviewGrid } from "./review-grid.ts";
import { canTransform, fromGround, mapProjection, toGround } from "./projections.ts";

export interface MapCanvasOptions extends MosaicLayersOptions {
  /** After every frame. */
  readonly onFrame: (canvas: MapCanvas) => void;
  /** When all that is in view has been loaded and drawn. */
  readonly onComplete: () => void;
  /** The pointer is over this screen pixel of the map, or has left it. */
  readonly onPointer: (screenPixel: readonly [number, number] | null) => void;
  /** Panning or zooming has ended. */
  readonly onMoved: () => void;
  /** Somebody pointed at a mosaic. */
  readonly onPick: (mosaicId: string) => void;
  readonly reducedMotion: () => boolean;
}

/** Screen pixels left free around what is fitted. */
const FIT_PADDING = 24;

/** A selected mosaic is zoomed to when its longer side would be shorter than this share of the map. */
const TOO_SMALL_SHARE = 0.2;

/** The OpenLayers map with the mosaics on it; knows nothing of Svelte. */
export class MapCanvas implements MapController, LabelSurface {
  readonly map: OpenLayersMap;
  readonly layers: MosaicLayers;
  readonly outlines = new Outlines();
  readonly groundAreas = new GroundAreaOutlines();
  readonly #crosshair = new Crosshair();
  readonly reviewGrid: ReviewGrid;
  readonly #paintOverlay: PaintOverlay;
  #whenLabelsDrawn: (() => void)[] = [];
  readonly #options: MapCanvasOptions;
  #scene: MosaicScene | null = null;
  #projection: MapProjection | null = null;
  /** The project's projection, from which the map departs for mosaics that can't be placed in it. */
  #projectCode: string | null = null;
  #mosaics: readonly ReadyMosaic[] = [];
  #isHidden: (mosaicId: string) => boolean = () => false;
  /** Until somebody moves the map, it goes on showing all mosaics while they are being found. */
  #followsMosaics = true;
  /** The resolution that an animation by key is on its way to. */
  #zoomTarget: number | null = null;
  /** The resolution that the project was left at, which zooming out has to reach; 0 without one. */
  #keptResolution = 0;

  constructor(target: HTMLElement, options: MapCanvasOptions) {
    this.#options = options;
    this.layers = new MosaicLayers(options);
    this.#paintOverlay = new PaintOverlay(
      {
        toScreen: (mosaicId, point) => this.toScreen(mosaicId, point),
        lookOf: (mosaicId) => this.#labelLook(mosaicId),
        colorOf: (paintId) => this.layers.labelColor(paintId),
        imagery: () => this.layers.layers.imagery.picture,
        labelTiles: (mosaicId) => this.#labelTiles(mosaicId),
        draw: (mosaicId, paint, parts) => {
          this.layers.showPaint(mosaicId, paint, parts);
        },
      },
      { zIndex: ABOVE_LABELS },
    );
    this.map = new OpenLayersMap({
      target,
      controls: [],
      interactions: defaultInteractions({ keyboard: false, dragPan: false }).extend([
        // The middle button pans too: with a tool in hand the first one paints.
        new DragPan({
          condition: (event) => noModifierKeys(event) && (primaryAction(event) || isMiddleButton(event)),
          kinetic: new Kinetic(-0.005, 0.05, 100),
        }),
      ]),
      layers: [
        ...Object.values(this.layers.layers),
        this.#paintOverlay.layer,
        this.groundAreas.layer,
        this.outlines.layer,
      ],
      maxTilesLoading: 12,
    });
    this.map.addOverlay(this.#crosshair.overlay);
    this.reviewGrid = new ReviewGrid({
      toScreen: (mosaicId, point) => this.toScreen(mosaicId, point),
      viewed: () => this.viewedWindows(),
      sizeOf: (mosaicId) => this.#scene?.get(mosaicId)?.mosaic.image ?? null,
    });
    target.append(this.reviewGrid.element);
    this.map.on("postrender", ({ frameState }) => {
      this.#afterFrame(frameState);
    });
    this.map.on("rendercomplete", () => {
      options.onComplete();
    });
    this.map.on("change:size", () => {
      this.#limitZoom();
    });
    this.map.on("moveend", () => {
      // What came while the map was moving waited.
      this.#limitZoom();
      this.outlines.placeNames(this.map);
      options.onMoved();
    });
    this.map.on("pointermove", (event) => {
      options.onPointer([event.pixel[0] ?? 0, event.pixel[1] ?? 0]);
    });
    this.map.on("pointerdrag", () => {
      this.#followsMosaics = false;
    });
    this.map.on("singleclick", (event) => {
      this.#pick(event);
    });
    target.addEventListener("pointerleave", this.#pointerLeft);
    target.addEventListener("wheel", this.#moved, { passive: true });
  }

  dispose(): void {
    const target = this.map.getTargetElement();
    target?.removeEventListener("pointerleave", this.#pointerLeft);
    target?.removeEventListener("wheel", this.#moved);
    this.layers.dispose();
    this.#crosshair.dispose();
    this.#paintOverlay.dispose();
    this.reviewGrid.dispose();
    this.map.setTarget(undefined);
    this.map.dispose();
  }

  readonly #pointerLeft = (): void => {
    this.#options.onPointer(null);
  };

  readonly #moved = (): void => {
    this.#followsMosaics = false;
  };

  get projection(): MapProjection | null {
    return this.#projection;
  }

  get scene(): MosaicScene | null {
    return this.#scene;
  }

  get view(): View {
    return this.map.getView();
  }

  /** Shows the mosaics of a project on a map in its projection. */
  setMosaics(mosaics: readonly ReadyMosaic[], projection: MapProjection): void {
    this.#mosaics = mosaics;
    if (this.#projectCode !== projection.code) {
      this.#projectCode = projection.code;
      this.#setProjection(projection);
    }
    this.#updateScene();
  }

  setHidden(isHidden: (mosaicId: string) => boolean): void {
    this.#isHidden = isHidden;
    this.outlines.setHidden(isHidden);
    this.groundAreas.setHidden(isHidden);
    this.outlines.placeNames(this.map);
  }

  /** Looks where a project was left; false when that was on another kind of map. */
  restore(state: ViewState): boolean {
    if (this.#projection?.code !== state.projectionCode) {
      return false;
    }
    this.#followsMosaics = false;
    // Mosaics that are yet to be found may have been in view.
    this.#keptResolution = state.resolution;
    this.#limitZoom();
    this.view.setCenter([...state.center]);
    this.view.setResolution(state.resolution);
    return true;
  }

  /** Where the map looks, to be kept with the project; null before it looks anywhere. */
  whereabouts(): Pick<ViewState, "center" | "resolution" | "projectionCode"> | null {
    const [x, y] = this.view.getCenter() ?? [];
    const resolution = this.view.getResolution();
    if (x === undefined || y === undefined || resolution === undefined || this.#projection === null) {
      return null;
    }
    return { center: [x, y], resolution, projectionCode: this.#projection.code };
  }

  /** Where on the map a screen pixel is. */
  positionAt(screenPixel: readonly [number, number]): MapPosition | null {
    const [x, y] = this.map.getCoordinateFromPixel([...screenPixel]) ?? [];
    return x === undefined || y === undefined ? null : [x, y];
  }

  /** The topmost mosaic at a position and the pixel of it; in a swipe, the one that it shows on that side. */
  mosaicAt(position: MapPosition): { placed: PlacedMosaic; column: number; row: number } | null {
    const [column] = this.map.getPixelFromCoordinate([...position]) ?? [];
    const [width = 0] = this.map.getSize() ?? [];
    const inFront = column === undefined || width === 0 ? null : this.layers.inFrontAt(column / width);
    return this.#scene?.at(position, this.#isHidden, inFront) ?? null;
  }

  locate(screen: PixelPoint): { mosaicId: string; point: PixelPoint } | null {
    const position = this.positionAt(screen);
    const found = position === null ? null : this.mosaicAt(position);
    const point = found === null ? null : this.toMosaic(found.placed.mosaic.id, screen);
    return found === null || point === null ? null : { mosaicId: found.placed.mosaic.id, point };
  }

  toMosaic(mosaicId: string, screen: PixelPoint): PixelPoint | null {
    const position = this.positionAt(screen);
    const placed = this.#scene?.get(mosaicId) ?? null;
    if (position === null || placed === null) {
      return null;
    }
    const [column, row] = placed.grid.toPixel(position);
    return Number.isFinite(column) && Number.isFinite(row) ? [column, row] : null;
  }

  toScreen(mosaicId: string, [column, row]: PixelPoint): PixelPoint | null {
    const position = this.#scene?.get(mosaicId)?.grid.toMap([column, row]);
    const [x, y] = position === undefined ? [] : (this.map.getPixelFromCoordinate([...position]) ?? []);
    return x === undefined || y === undefined ? null : [x, y];
  }

  viewed(): ReturnType<LabelSurface["viewed"]> {
    const [nearest] = this.viewedWindows();
    const [width = 0, height = 0] = this.map.getSize() ?? [];
    const middle: PixelPoint = [width / 2, height / 2];
    const here = nearest === undefined ? null : this.toMosaic(nearest.mosaicId, middle);
    const there = nearest === undefined ? null : this.toMosaic(nearest.mosaicId, [middle[0] + 1, middle[1]]);
    return nearest === undefined || here === null || there === null
      ? null
      : { ...nearest, mosaicPixelsPerScreenPixel: Math.hypot(there[0] - here[0], there[1] - here[1]) };
  }

  viewOf(mosaicId: string): PixelWindow | null {
    return this.viewedWindows().find((viewed) => viewed.mosaicId === mosaicId)?.pixelWindow ?? null;
  }

  paint(mosaicId: string, paint: LabelPaint): void {
    this.layers.paintLabels(mosaicId, paint);
  }

  extend(mosaicId: string, paint: LabelPaint, parts: LabelPaint["parts"]): void {
    this.#paintOverlay.add(mosaicId, paint, parts);
  }

  async move(mosaicId: string, paint: LabelPaint): Promise<boolean> {
    const start = performance.now();
    this.#paintOverlay.flush();
    if (!this.layers.movePaint(mosaicId, paint)) {
      return false;
    }
    await new Promise<void>((resolve) => {
      this.map.once("postrender", () => {
        // All of it is with the graphics processor now, or with the rasterizer that stands in for one.
        noteDuration("undo-issued", start);
        afterPaint(resolve);
      });
    });
    return true;
  }

  forget(paint: LabelPaint): void {
    this.layers.forgetPaint(paint);
  }

  settle(): void {
    this.#paintOverlay.flush();
    this.layers.requestFrame();
  }

  drawn(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenLabelsDrawn.push(resolve);
      this.layers.requestFrame();
    });
  }

  redraw(mosaicId: string, pixelWindows: readonly PixelWindow[] | null): void {
    this.layers.invalidateLabels(mosaicId, pixelWindows);
  }

  fitAll(): void {
    const home = this.#mosaics[0]?.placement.projection;
    if (this.#scene?.mosaics.length === 0 && home !== undefined) {
      this.#setProjection(home);
      this.#updateScene();
    }
    // After a change of projection, which has the map follow its mosaics.
    this.#followsMosaics = false;
    if (this.#scene !== null) {
      this.#fit(wholeExtent(this.#scene, this.#isHidden));
    }
  }

  fitMosaic(mosaicId: string): void {
    this.#followsMosaics = false;
    this.#fit(this.#place(mosaicId)?.grid.mapExtent ?? createEmpty());
  }

  flyToMosaic(mosaicId: string): void {
    const placed = this.#place(mosaicId);
    const size = this.map.getSize();
    const resolution = this.view.getResolution();
    if (placed === null) {
      return;
    }
    if (size === undefined || resolution === undefined) {
      this.fitMosaic(mosaicId);
      return;
    }
    this.#followsMosaics = false;
    const extent = placed.grid.mapExtent;
    const [width = 1, height = 1] = size;
    const share = Math.max(getWidth(extent) / width, getHeight(extent) / height) / resolution;
    if (share < TOO_SMALL_SHARE || share > 1) {
      this.#fit(extent);
      return;
    }
    this.#animate({ center: getCenter(extent) });
  }

  flyToWindow(mosaicId: string, { x, y, width, height }: PixelWindow): void {
    const placed = this.#place(mosaicId);
    if (placed === null) {
      return;
    }
    this.#followsMosaics = false;
    const corners = [
      placed.grid.toMap([x, y]),
      placed.grid.toMap([x + width, y]),
      placed.grid.toMap([x, y + height]),
      placed.grid.toMap([x + width, y + height]),
    ];
    this.#fit(boundingExtent(corners.map(([cornerX, cornerY]) => [cornerX, cornerY])));
  }

  center(): MapCenter | null {
    const [x, y] = this.view.getCenter() ?? [];
    if (x === undefined || y === undefined || this.#projection === null) {
      return null;
    }
    const ground = toGround(this.#projection)?.([x, y]) ?? null;
    return {
      mapPosition: [x, y],
      groundPosition:
        ground !== null && ground.every(Number.isFinite)
          ? { longitude: ground[0], latitude: ground[1] }
          : null,
    };
  }

  goToMap([x, y]: MapPosition): void {
    this.#followsMosaics = false;
    this.#animate({ center: [x, y] });
    this.#crosshair.mark([x, y]);
  }

  goToGround({ longitude, latitude }: GroundPosition): boolean {
    const transform = this.#projection === null ? null : fromGround(this.#projection);
    const position = transform?.([longitude, latitude]);
    if (position === undefined || !position.every(Number.isFinite)) {
      return false;
    }
    this.goToMap(position);
    return true;
  }

  zoomBy(levels: number): void {
    const resolution = this.view.getResolution();
    if (resolution === undefined) {
      return;
    }
    this.#followsMosaics = false;
    // Keys pressed faster than the animation build on where it is going, not on where it is.
    const from = this.#zoomTarget ?? resolution;
    const target = this.view.getConstrainedResolution(from / 2 ** levels) ?? from / 2 ** levels;
    this.#zoomTarget = target;
    this.#animate({ resolution: target }, () => {
      if (this.#zoomTarget === target) {
        this.#zoomTarget = null;
      }
    });
  }

  panBy([right, down]: readonly [right: number, down: number]): void {
    const size = this.map.getSize();
    const center = this.view.getCenter();
    const resolution = this.view.getResolution();
    if (size === undefined || center === undefined || resolution === undefined) {
      return;
    }
    this.#followsMosaics = false;
    const rotation = this.view.getRotation();
    const x = right * (size[0] ?? 0) * resolution;
    const y = -down * (size[1] ?? 0) * resolution;
    this.#animate({
      center: [
        (center[0] ?? 0) + x * Math.cos(rotation) - y * Math.sin(rotation),
        (center[1] ?? 0) + x * Math.sin(rotation) + y * Math.cos(rotation),
      ],
    });
  }

  resetRotation(): void {
    this.#animate({ rotation: 0 });
  }

  retryFailedTiles(): void {
    this.layers.retryFailed();
  }

  viewedWindows(): ViewedWindow[] {
    const size = this.map.getSize();
    const resolution = this.view.getResolution();
    if (size === undefined || resolution === undefined || this.#scene === null) {
      return [];
    }
    const extent = this.view.calculateExtent(size);
    const [centerX = 0, centerY = 0] = getCenter(extent);
    const distance = ({ grid }: PlacedMosaic): number => {
      const [x = 0, y = 0] = getCenter(grid.mapExtent);
      return Math.hypot(x - centerX, y - centerY);
    };
    // `filter` makes a list of our own to sort; `toSorted` is missing in the oldest Chromium we run on.
    return this.#scene
      .inView(extent, resolution)
      .filter(({ mosaic }) => !this.#isHidden(mosaic.id))
      .sort((first, second) => distance(first) - distance(second))
      .flatMap((placed) => {
        const pixelWindow = viewedWindow(placed, extent);
        return pixelWindow === null ? [] : [{ mosaicId: placed.mosaic.id, pixelWindow }];
      });
  }

  #labelLook(mosaicId: string): ReturnType<OverlaidMap["lookOf"]> {
    const look = this.layers.labelLook(mosaicId);
    const grid = this.#scene?.get(mosaicId)?.grid;
    if (look === null || grid === undefined) {
      return null;
    }
    const outline = grid.outline.map((position): PixelPoint => {
      const [x = 0, y = 0] = this.map.getPixelFromCoordinate([...position]) ?? [];
      return [x, y];
    });
    return { ...look, outline };
  }

  #labelTiles(mosaicId: string): LabelTileOnScreen[] {
    const size = this.map.getSize();
    const resolution = this.view.getResolution();
    if (size === undefined || resolution === undefined) {
      return [];
    }
    const screen = (position: number[]): PixelPoint => {
      const [x = 0, y = 0] = this.map.getPixelFromCoordinate(position) ?? [];
      return [x, y];
    };
    const extent = this.view.calculateExtent(size);
    return this.layers.labelTiles(mosaicId, extent, resolution).map(({ ids, mapExtent }) => {
      const [minX = 0, minY = 0, maxX = 0, maxY = 0] = mapExtent;
      return { ids, corners: [screen([minX, maxY]), screen([maxX, maxY]), screen([minX, minY])] };
    });
  }

  #pick({ coordinate }: MapBrowserEvent): void {
    const [x, y] = coordinate;
    const found = x === undefined || y === undefined ? null : this.mosaicAt([x, y]);
    if (found !== null) {
      this.#options.onPick(found.placed.mosaic.id);
    }
  }

  /** The mosaic as it lies on the map, after changing to a map that can show it. */
  #place(mosaicId: string): PlacedMosaic | null {
    const mosaic = this.#mosaics.find(({ id }) => id === mosaicId);
    if (mosaic === undefined) {
      return null;
    }
    if (this.#projection !== null && !canTransform(mosaic.placement.projection, this.#projection)) {
      this.#setProjection(mosaic.placement.projection);
      this.#updateScene();
    }
    return this.#scene?.get(mosaicId) ?? null;
  }

  #setProjection(projection: MapProjection): void {
    this.#projection = projection;
    this.#scene = new MosaicScene(projection, window.devicePixelRatio);
    this.#followsMosaics = true;
    this.#keptResolution = 0;
    const limits = resolutionLimits(projection, createEmpty(), this.#size(), 0);
    this.map.setView(newView(projection, limits, { center: [0, 0], resolution: 1, rotation: 0 }));
    this.layers.setScene(this.#scene, mapProjection(projection));
  }

  #updateScene(): void {
    const scene = this.#scene;
    if (scene === null) {
      return;
    }
    this.layers.forget(scene.update(this.#mosaics));
    this.outlines.setScene(scene);
    this.groundAreas.setScene(scene);
    this.#limitZoom();
    if (this.#followsMosaics) {
      this.#fit(openingExtent(scene, this.#isHidden, this.#size()), { animated: false });
    }
    this.outlines.placeNames(this.map);
    this.layers.redraw();
  }

  /** Width and height of the map in screen pixels; a common one before the page is laid out. */
  #size(): ScreenSize {
    const [width = 0, height = 0] = this.map.getSize() ?? [];
    return width > 0 && height > 0 ? [width, height] : [1024, 768];
  }

  /** Keeps zooming out to what there is to see; OpenLayers' limits belong to a view, so it may need another. */
  #limitZoom(): void {
    if (this.#projection === null || this.#scene === null) {
      return;
    }
    const whole = wholeExtent(this.#scene, () => false);
    const limits = resolutionLimits(this.#projection, whole, this.#size(), this.#keptResolution);
    const { view } = this;
    const resolution = view.getResolution();
    const moving = view.getAnimating() || view.getInteracting();
    if (limits.maxResolution === view.getMaxResolution() || resolution === undefined || moving) {
      return;
    }
    const center = view.getCenter() ?? [0, 0];
    this.map.setView(newView(this.#projection, limits, { center, resolution, rotation: view.getRotation() }));
  }

  #fit(extent: Extent, { animated = true } = {}): void {
    if (isEmpty(extent)) {
      return;
    }
    this.#zoomTarget = null;
    const padding = [FIT_PADDING, FIT_PADDING, FIT_PADDING, FIT_PADDING];
    const duration = animated ? this.#duration(250) : 0;
    this.view.cancelAnimations();
    this.view.fit(extent, { padding, ...(duration > 0 ? { duration, easing: easeOut } : {}) });
  }

  #animate(
    target: { center?: number[]; resolution?: number; rotation?: number },
    whenOver: () => void = () => undefined,
  ): void {
    this.view.cancelAnimations();
    this.view.animate({ ...target, duration: this.#duration(160), easing: easeOut }, whenOver);
  }

  #duration(milliseconds: number): number {
    return this.#options.reducedMotion() ? 0 : milliseconds;
  }

  #afterFrame(frame: FrameState | null): void {
    if (frame !== null) {
      const { labelsAreNew } = this.layers.afterFrame(frame);
      this.#paintOverlay.afterFrame();
      this.reviewGrid.afterFrame(frame.viewState);
      if (labelsAreNew) {
        const drawn = this.#whenLabelsDrawn;
        this.#whenLabelsDrawn = [];
        for (const call of drawn) {
          afterPaint(call);
        }
      }
    }
    this.#options.onFrame(this);
  }
}

function isMiddleButton({ originalEvent }: MapBrowserEvent): boolean {
  return originalEvent instanceof PointerEvent && originalEvent.button === 1;
}

/** A view of a projection that shows one Earth at most. */
function newView(
  projection: MapProjection,
  limits: ResolutionLimits,
  state: { readonly center: number[]; readonly resolution: number; readonly rotation: number },
): View {
  return new View({
    projection: mapProjection(projection),
    ...state,
    ...limits,
    multiWorld: false,
    showFullExtent: true,
  });
}
