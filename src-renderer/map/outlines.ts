import Feature from "ol/Feature.js";
import Polygon from "ol/geom/Polygon.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import Point from "ol/geom/Point.js";
import { getCenter } from "ol/extent.js";
import { Circle, Fill, Stroke, Style, Text } from "ol/style.js";
import type { MosaicScene, PlacedMosaic } from "./mosaic-scene.ts";

/** A mosaic shorter than this on screen (its longer side, in pixels) is outlined, so that it can be found. */
const OUTLINED_BELOW = 160;

/** Below this length on screen a mosaic is a dot of a size that can be seen. */
const DOT_BELOW = 10;

const outlineColor = "#ffd54a";
const haloColor = "rgba(0, 0, 0, 0.75)";

/** The outlines of mosaics: of all while they are small, with their names, and always of the selected one. */
export class Outlines {
  readonly layer: VectorLayer<VectorSource<Feature<Polygon>>>;
  readonly #source = new VectorSource<Feature<Polygon>>({ wrapX: false });
  #selectedId: string | null = null;
  #isHidden: (mosaicId: string) => boolean = () => false;

  constructor() {
    this.layer = new VectorLayer({
      source: this.#source,
      zIndex: 10,
      declutter: true,
      style: (feature, resolution) => this.#style(feature.get("placed") as PlacedMosaic, resolution),
    });
    this.layer.on("prerender", ({ context }) => {
      // Chromium goes on showing the last outlines after a frame that only cleared the canvas; a trace of ink makes it
      // take the frame. (OpenLayers clears the canvas before this event.)
      if (context !== undefined && "fillRect" in context) {
        context.fillStyle = "rgba(0, 0, 0, 0.004)";
        context.fillRect(0, 0, 1, 1);
      }
    });
  }

  setScene(scene: MosaicScene): void {
    this.#source.clear(true);
    this.#source.addFeatures(
      scene.mosaics.map(
        (placed) =>
          new Feature({ geometry: new Polygon([placed.grid.outline.map(([x, y]) => [x, y])]), placed }),
      ),
    );
  }

  setSelected(mosaicId: string | null): void {
    this.#selectedId = mosaicId;
    this.layer.changed();
  }

  setHidden(isHidden: (mosaicId: string) => boolean): void {
    this.#isHidden = isHidden;
    this.layer.changed();
  }

  #style({ mosaic, grid }: PlacedMosaic, resolution: number): Style[] {
    const length = (Math.max(mosaic.image.width, mosaic.image.height) * grid.nativeResolution) / resolution;
    const selected = mosaic.id === this.#selectedId;
    const small = length < OUTLINED_BELOW;
    if (this.#isHidden(mosaic.id) || (!small && !selected)) {
      return [];
    }
    const dot = length < DOT_BELOW;
    const text = new Text({
      text: mosaic.name,
      font: "12px system-ui, sans-serif",
      fill: new Fill({ color: "#ffffff" }),
      stroke: new Stroke({ color: haloColor, width: 3 }),
      overflow: true,
      // Beside a dot and in the middle of an outline; names that would cover each other are left out.
      ...(dot ? { offsetX: 8, textAlign: "left" as const } : {}),
    });
    const named = small ? { text } : {};
    if (dot) {
      const image = new Circle({
        radius: selected ? 5 : 4,
        fill: new Fill({ color: outlineColor }),
        stroke: new Stroke({ color: haloColor, width: 1.5 }),
        declutterMode: "none",
      });
      return [new Style({ geometry: new Point(getCenter(grid.mapExtent)), image, ...named })];
    }
    return [
      new Style({ stroke: new Stroke({ color: haloColor, width: selected ? 3.5 : 2.5 }) }),
      new Style({ stroke: new Stroke({ color: outlineColor, width: selected ? 1.5 : 1 }), ...named }),
    ];
  }
}
