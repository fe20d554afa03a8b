import Feature from "ol/Feature.js";
import Polygon from "ol/geom/Polygon.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { Fill, Stroke, Style, Text } from "ol/style.js";
import type { MosaicScene, PlacedMosaic } from "./mosaic-scene.ts";

/** A mosaic shorter than this on screen (its longer side, in pixels) is outlined, so that it can be found. */
const OUTLINED_BELOW = 160;

/** Names are written while mosaics are at least this long on screen: below, they would cover each other. */
const NAMED_FROM = 40;

const outlineColor = "#ffd54a";
const haloColor = "rgba(0, 0, 0, 0.75)";

/** The outlines of mosaics: of all while they are small, with their names, and always of the selected one. */
export class Outlines {
  readonly layer: VectorLayer<VectorSource<Feature<Polygon>>>;
  readonly #source = new VectorSource<Feature<Polygon>>();
  #selectedId: string | null = null;
  #isHidden: (mosaicId: string) => boolean = () => false;

  constructor() {
    this.layer = new VectorLayer({
      source: this.#source,
      zIndex: 10,
      declutter: true,
      style: (feature, resolution) => this.#style(feature.get("placed") as PlacedMosaic, resolution),
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
    const named = small && (length >= NAMED_FROM || selected);
    const text = new Text({
      text: mosaic.name,
      font: "12px system-ui, sans-serif",
      fill: new Fill({ color: "#ffffff" }),
      stroke: new Stroke({ color: haloColor, width: 3 }),
      overflow: true,
    });
    return [
      new Style({ stroke: new Stroke({ color: haloColor, width: selected ? 3.5 : 2.5 }) }),
      new Style({
        stroke: new Stroke({ color: outlineColor, width: selected ? 1.5 : 1 }),
        ...(named ? { text } : {}),
      }),
    ];
  }
}
