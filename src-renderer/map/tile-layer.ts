import type { Extent } from "ol/extent.js";
import WebGLTileLayer, { type Style } from "ol/layer/WebGLTile.js";
import type { FrameState } from "ol/Map.js";
import type WebGLTileLayerRenderer from "ol/renderer/webgl/TileLayer.js";
import DataTileSource from "ol/source/DataTile.js";
import LRUCache from "ol/structs/LRUCache.js";
import TileTexture from "ol/webgl/TileTexture.js";
import type { MosaicSource } from "./mosaic-source.ts";
import type { Bands } from "./tile-reader.ts";

/** What a mosaic that is small on screen takes at most: four of its level, and as many of the next while zooming. */
const TILES_A_SOURCE = 8;

/** The sources to draw in a part of the map, bottom first. */
export type SourcesInView = (extent: Extent, resolution: number) => MosaicSource[];

/**
 * One kind of tiles (imagery, labels, prediction) of all mosaics in view.
 *
 * One layer for all mosaics and not one each: every WebGL layer has a frame buffer of the map's size, which 500
 * mosaics could not have, while the tile cache of one layer bounds the memory of them all.
 */
export class MosaicTileLayer extends WebGLTileLayer {
  readonly #sourcesInView: SourcesInView;
  readonly #cacheSize: number;
  #cache: LRUCache<TileTexture> | null = null;

  constructor(options: {
    sources: SourcesInView;
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
      // Once, before there is a view, OpenLayers asks for a source anywhere, to learn the number of bands from it. Told of none it
      // takes 4, and finds the first of two bands where the second is asked for.
      sources: (extent, resolution) => (resolution > 1e15 ? [example] : options.sources(extent, resolution)),
    });
    this.#sourcesInView = options.sources;
    this.#cacheSize = options.cacheSize;
  }

  /** Draws what is in view; nothing at all otherwise, as OpenLayers would put an empty element into the page. */
  override render(frameState: FrameState | null, target: HTMLElement): HTMLElement {
    const extent = frameState?.extent;
    const count =
      frameState === null
        ? null
        : extent
          ? this.#sourcesInView(extent, frameState.viewState.resolution).length
          : 0;
    if (count === 0) {
      this.unrender();
      return null as unknown as HTMLElement;
    }
    if (count !== null) {
      this.#keepTilesOf(count);
    }
    return super.render(frameState, target);
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
