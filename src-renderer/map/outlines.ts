import Feature from "ol/Feature.js";
import Polygon from "ol/geom/Polygon.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import Point from "ol/geom/Point.js";
import { getCenter } from "ol/extent.js";
import { Circle, Fill, Stroke, Style, Text } from "ol/style.js";
import type { Options as TextOptions } from "ol/style/Text.js";
import type OpenLayersMap from "ol/Map.js";
import { keepTakingFrames } from "./keep-taking-frames.ts";
import type { MosaicScene, PlacedMosaic } from "./mosaic-scene.ts";
import { NAME_DISTANCE, placeNames, type NameSide } from "./name-places.ts";

/** A mosaic shorter than this on screen (its longer side, in pixels) is outlined, so that it can be found. */
const OUTLINED_BELOW = 160;

/** Below this length on screen a mosaic is a dot of a size that can be seen. */
const DOT_BELOW = 10;

const outlineColor = "#ffd54a";
const NAME_FONT = "12px system-ui, sans-serif";

const haloColor = "rgba(0, 0, 0, 0.75)";

/** The outlines of mosaics: of all while they are small, with their names, and always of the selected one. */
export class Outlines {
  readonly layer: VectorLayer<VectorSource<Feature<Polygon>>>;
  readonly #source = new VectorSource<Feature<Polygon>>({ wrapX: false });
  /** Where the names of dots stand, from the last time the map came to rest. */
  #sides: ReadonlyMap<string, NameSide> = new Map();
  #scene: MosaicScene | null = null;
  #selectedId: string | null = null;
  #isHidden: (mosaicId: string) => boolean = () => false;

  constructor() {
    this.layer = new VectorLayer({
      source: this.#source,
      zIndex: 10,
      declutter: true,
      style: (feature, resolution) => this.#style(feature.get("placed") as PlacedMosaic, resolution),
    });
    keepTakingFrames(this.layer);
  }

  setScene(scene: MosaicScene): void {
    this.#scene = scene;
    this.#source.clear(true);
    this.#source.addFeatures(
      scene.mosaics.map(
        (placed) =>
          new Feature({ geometry: new Polygon([placed.grid.outline.map(([x, y]) => [x, y])]), placed }),
      ),
    );
  }

  /** Finds a place for the names of the dots on a map that has come to rest. */
  placeNames(map: OpenLayersMap): void {
    const size = map.getSize();
    const resolution = map.getView().getResolution();
    const center = map.getView().getCenter();
    if (size === undefined || resolution === undefined || center === undefined) {
      return;
    }
    const [width = 0, height = 0] = size;
    const [centerX = 0, centerY = 0] = center;
    const rotation = map.getView().getRotation();
    const dots = (this.#scene?.mosaics ?? []).flatMap(({ mosaic, grid }) => {
      if (this.#isHidden(mosaic.id) || lengthOnScreen({ mosaic, grid }, resolution) >= DOT_BELOW) {
        return [];
      }
      const [dotX = 0, dotY = 0] = getCenter(grid.mapExtent);
      const right = (dotX - centerX) / resolution;
      const down = (centerY - dotY) / resolution;
      const x = width / 2 + right * Math.cos(rotation) - down * Math.sin(rotation);
      const y = height / 2 + right * Math.sin(rotation) + down * Math.cos(rotation);
      const onMap = x >= 0 && y >= 0 && x <= width && y <= height;
      return onMap ? [{ id: mosaic.id, x, y, nameWidth: nameWidth(mosaic.name) }] : [];
    });
    const sides = placeNames(dots, [width, height]);
    const same =
      sides.size === this.#sides.size && [...sides].every(([id, side]) => this.#sides.get(id) === side);
    if (!same) {
      this.#sides = sides;
      this.layer.changed();
    }
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
    const length = lengthOnScreen({ mosaic, grid }, resolution);
    const selected = mosaic.id === this.#selectedId;
    const small = length < OUTLINED_BELOW;
    if (this.#isHidden(mosaic.id) || (!small && !selected)) {
      return [];
    }
    const dot = length < DOT_BELOW;
    const side = this.#sides.get(mosaic.id);
    const text = new Text({
      text: mosaic.name,
      font: NAME_FONT,
      fill: new Fill({ color: "#ffffff" }),
      stroke: new Stroke({ color: haloColor, width: 3 }),
      overflow: true,
      ...(dot && side !== undefined ? besideDot(side) : {}),
    });
    // Names of dots have been placed; names in the middle of outlines that would cover each other are left out.
    const named = small && (!dot || side !== undefined) ? { text } : {};
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

/** The longer side of a mosaic in screen pixels. */
function lengthOnScreen({ mosaic, grid }: PlacedMosaic, resolution: number): number {
  return (Math.max(mosaic.image.width, mosaic.image.height) * grid.nativeResolution) / resolution;
}

/** How wide a name is drawn, with its halo. */
function nameWidth(name: string): number {
  measuring ??= document.createElement("canvas").getContext("2d");
  if (measuring === null) {
    return name.length * 7;
  }
  measuring.font = NAME_FONT;
  return measuring.measureText(name).width + 4;
}

let measuring: CanvasRenderingContext2D | null = null;

/** How a name stands beside its dot; not decluttered, as OpenLayers' boxes are larger than those it was placed by. */
function besideDot(side: NameSide): TextOptions {
  const declutterMode = "none";
  switch (side) {
    case "right":
      return { declutterMode, textAlign: "left", offsetX: NAME_DISTANCE };
    case "left":
      return { declutterMode, textAlign: "right", offsetX: -NAME_DISTANCE };
    case "above":
      return { declutterMode, offsetY: -2 * NAME_DISTANCE };
    case "below":
      return { declutterMode, offsetY: 2 * NAME_DISTANCE };
  }
}
