import Feature from "ol/Feature.js";
import Polygon from "ol/geom/Polygon.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { Fill, Stroke, Style } from "ol/style.js";
import type { GroundArea } from "../state/ground-areas.svelte.ts";
import { keepTakingFrames } from "./keep-taking-frames.ts";
import type { MosaicScene } from "./mosaic-scene.ts";

/** Fill over imagery: the ground stays readable. */
const FILL_OPACITY_HEX = "59";

/** Coloured parts of mosaics: the parts of a split, or how good blocks are. */
export class GroundAreaOutlines {
  readonly layer: VectorLayer<VectorSource<Feature<Polygon>>>;
  readonly #source = new VectorSource<Feature<Polygon>>({ wrapX: false });
  readonly #styles = new Map<string, Style>();
  #scene: MosaicScene | null = null;
  #areas: readonly GroundArea[] = [];
  #isHidden: (mosaicId: string) => boolean = () => false;

  constructor() {
    this.layer = new VectorLayer({
      source: this.#source,
      zIndex: 9,
      style: (feature) => this.#style(feature.get("color") as string, feature.get("outlined") as boolean),
    });
    keepTakingFrames(this.layer);
  }

  setScene(scene: MosaicScene): void {
    this.#scene = scene;
    this.#draw();
  }

  setHidden(isHidden: (mosaicId: string) => boolean): void {
    this.#isHidden = isHidden;
    this.#draw();
  }

  setAreas(areas: readonly GroundArea[]): void {
    this.#areas = areas;
    this.#draw();
  }

  #draw(): void {
    this.#source.clear(true);
    const scene = this.#scene;
    if (scene === null || this.#areas.length === 0) {
      this.layer.changed();
      return;
    }
    const features = this.#areas.flatMap(({ mosaicId, pixelWindow, color, outlined = true }) => {
      const grid = this.#isHidden(mosaicId) ? undefined : scene.get(mosaicId)?.grid;
      if (grid === undefined) {
        return [];
      }
      const { x, y, width, height } = pixelWindow;
      const ring = [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
        [x, y],
      ] as const;
      const geometry = new Polygon([ring.map((corner) => [...grid.toMap([...corner])])]);
      return [new Feature({ geometry, color, outlined })];
    });
    this.#source.addFeatures(features);
  }

  #style(color: string, outlined: boolean): Style {
    const key = `${color} ${outlined}`;
    let style = this.#styles.get(key);
    if (style === undefined) {
      style = new Style({
        fill: new Fill({ color: `${color}${FILL_OPACITY_HEX}` }),
        ...(outlined ? { stroke: new Stroke({ color, width: 1 }) } : {}),
      });
      this.#styles.set(key, style);
    }
    return style;
  }
}
