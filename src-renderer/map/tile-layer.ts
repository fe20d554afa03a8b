import { buffer, createEmpty, extend, intersects, isEmpty, type Extent } from "ol/extent.js";
import WebGLTileLayer, { type Style } from "ol/layer/WebGLTile.js";
import type { FrameState } from "ol/Map.js";
import type WebGLTileLayerRenderer from "ol/renderer/webgl/TileLayer.js";
import DataTileSource from "ol/source/DataTile.js";
import LRUCache from "ol/structs/LRUCache.js";
import TileTexture from "ol/webgl/TileTexture.js";
import { getUid } from "ol/util.js";
import type { MosaicSource } from "./mosaic-source.ts";
import type { Bands } from "./tile-reader.ts";

/** What a mosaic that is small on screen takes at most: four of its level, and as many of the next while zooming. */
const TILES_A_SOURCE = 8;

/** The sources to draw in a part of the map, bottom first. */
export type SourcesInView = (extent: Extent, resolution: number) => MosaicSource[];

/** What a layer's own canvas shows. */
interface Shown {
  /** Where the map looked and what was drawn. */
  readonly look: string;
  readonly element: HTMLElement;
  /** Tiles by source, as the frame lists those it wants. */
  readonly wantedTiles: FrameState["wantedTiles"];
}

/**
 * One kind of tiles (imagery, labels, prediction) of all mosaics in view.
 *
 * One layer for all mosaics and not one each: every WebGL layer has a frame buffer of the map's size, which 500
 * mosaics could not have, while the tile cache of one layer bounds the memory of them all.
 */
export class MosaicTileLayer extends WebGLTileLayer {
  readonly #sourcesInView: SourcesInView;
  readonly #cacheSize: number;
  readonly #ownsCanvas: boolean;
  #cache: LRUCache<TileTexture> | null = null;
  #shown: Shown | null = null;
  #element: HTMLElement | null = null;
  #drawings = 0;
  /** Where something has changed since it was drawn last; null when that may be anywhere. */
  #changedPart: Extent | null = null;
  #partBeingDrawn: Extent | null = null;

  constructor(options: {
    sources: SourcesInView;
    /** A canvas for this layer alone, by this name: it is left as it is in frames that change other layers only. */
    canvasName?: string;
    /** Bands of every source: where a shader finds its second one depends on it. */
    bands: Bands;
    style: Style;
    cacheSize: number;
    zIndex: number;
  }) {
    const example = new DataTileSource({ bandCount: options.bands, hasAlpha: true });
    super({
      style: options.style,
      cacheSize: options.cacheSize,
      zIndex: options.zIndex,
      ...(options.canvasName === undefined ? {} : { className: options.canvasName }),
      // Once, before there is a view, OpenLayers asks for a source anywhere, to learn the number of bands from it. Told of none it
      // takes 4, and finds the first of two bands where the second is asked for.
      sources: (extent, resolution) => (resolution > 1e15 ? [example] : options.sources(extent, resolution)),
    });
    this.#sourcesInView = options.sources;
    this.#cacheSize = options.cacheSize;
    this.#ownsCanvas = options.canvasName !== undefined;
  }

  /** Draws what is in view; nothing at all otherwise, as OpenLayers would put an empty element into the page. */
  override render(frameState: FrameState | null, target: HTMLElement): HTMLElement {
    if (frameState === null) {
      return super.render(frameState, target);
    }
    const { extent, viewState } = frameState;
    const sources = extent ? this.#sourcesInView(extent, viewState.resolution) : [];
    if (sources.length === 0) {
      this.#shown = null;
      this.unrender();
      return null as unknown as HTMLElement;
    }
    const look = lookOf(frameState, sources);
    const shown = this.#shown?.look === look ? this.#shown : null;
    const part = shown === null ? null : this.#changedPart;
    this.#changedPart = createEmpty();
    if (shown !== null && part !== null && (isEmpty(part) || !intersects(part, extent ?? part))) {
      Object.assign(frameState.wantedTiles, shown.wantedTiles);
      return shown.element;
    }
    this.#keepTilesOf(sources.length);
    // What is painted at a coarser level reaches as far as its larger pixels.
    this.#partBeingDrawn = part === null ? null : buffer(part, 3 * viewState.resolution);
    const element = super.render(frameState, target);
    this.#partBeingDrawn = null;
    this.#drawings += 1;
    const { tileQueue, wantedTiles } = frameState;
    // While tiles are on their way the next frame may have them, though nobody says that this layer has changed.
    const isComplete = tileQueue.getTilesLoading() === 0 && tileQueue.getCount() === 0 && !frameState.animate;
    this.#drawAgainWhenRestored(element);
    this.#shown =
      this.#ownsCanvas && isComplete
        ? {
            look,
            element,
            wantedTiles: Object.fromEntries(
              sources.map(({ wantedKey }) => [wantedKey, wantedTiles[wantedKey] ?? {}]),
            ),
          }
        : null;
    return element;
  }

  /** What the layer has drawn, if it has a canvas of its own and draws anything, and how often it has. */
  get picture(): { readonly canvas: HTMLCanvasElement; readonly drawings: number } | null {
    return this.#ownsCanvas && this.rendered && this.#element instanceof HTMLCanvasElement
      ? { canvas: this.#element, drawings: this.#drawings }
      : null;
  }

  /** A canvas whose graphics processor was taken away comes back empty. */
  #drawAgainWhenRestored(element: HTMLElement): void {
    if (this.#element !== element) {
      this.#element = element;
      element.addEventListener("webglcontextrestored", () => {
        this.changed();
      });
    }
  }

  /** Anything about the layer may have changed: it is drawn anew. */
  override changed(): void {
    // OpenLayers calls this before there are fields.
    if (#changedPart in this) {
      this.#changedPart = null;
    }
    super.changed();
  }

  /** Nothing has changed but what lies in a part of the map; an empty one only has a frame drawn. */
  changedWithin(part: Extent): void {
    if (this.#changedPart !== null) {
      extend(this.#changedPart, part);
    }
    super.changed();
  }

  /** The part of the map to which drawing is confined just now, in `prerender`; null for all of it. */
  get partBeingDrawn(): Extent | null {
    return this.#partBeingDrawn;
  }

  /**
   * A cache too small for one frame would drop tiles that the next frame asks for again, which has another frame
   * drawn, without end; and each of many small mosaics takes tiles of its own.
   */
  #keepTilesOf(sourceCount: number): void {
    if (this.#cache !== null) {
      this.#cache.highWaterMark = Math.max(this.#cacheSize, TILES_A_SOURCE * sourceCount);
    }
  }

  /** The source being drawn just now, in `prerender` and `postrender`. */
  sourceBeingDrawn(): MosaicSource | null {
    return this.getRenderSource() as MosaicSource | null;
  }

  override createRenderer(): WebGLTileLayerRenderer<this> {
    const renderer = super.createRenderer();
    const createTileRepresentation = (options: ConstructorParameters<typeof TileTexture>[0]): TileTexture =>
      new CrispTexture(options);
    // In place of the renderer's own, whose size nobody else may change.
    const tileRepresentationCache = new LRUCache<TileTexture>(this.#cacheSize);
    this.#cache = tileRepresentationCache;
    return Object.assign(renderer, { createTileRepresentation, tileRepresentationCache });
  }
}

/** All that decides what is drawn, besides what the layer is told has changed. */
function lookOf(frameState: FrameState, sources: readonly MosaicSource[]): string {
  const { viewState, size, pixelRatio, layerStatesArray, layerIndex } = frameState;
  return JSON.stringify([
    viewState.center,
    viewState.resolution,
    viewState.rotation,
    size,
    pixelRatio,
    layerStatesArray[layerIndex]?.opacity,
    sources.map((source) => getUid(source)),
  ]);
}

/** A tile that is smoothed when drawn smaller but shows its pixels when drawn larger, as an annotator needs them. */
class CrispTexture extends TileTexture {
  override uploadTile(): void {
    const gl = this.helper?.getGL();
    // A tile that is redrawn in place would leave its old texture to the garbage collector.
    for (const texture of this.textures ?? []) {
      gl?.deleteTexture(texture);
    }
    super.uploadTile();
    for (const texture of this.textures) {
      gl?.bindTexture(gl.TEXTURE_2D, texture);
      gl?.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    }
  }
}
