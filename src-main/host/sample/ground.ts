import { classId, METERS_PER_PIXEL } from "./canvas.ts";
import type { Canvas } from "./canvas.ts";
import { CoarseGrid } from "./coarse-grid.ts";
import type { Color, FieldPlace, Fields } from "./fields.ts";
import type { Landscape } from "./landscape.ts";
import { random, smoothStep } from "./noise.ts";
import type { Noise } from "./noise.ts";

/** Waves a metre of the finest unevenness. */
const FINE = 1.9;
/** How far a road changes the ground beside it. */
const VERGE_METERS = 5.5;

const grassLush: Color = [104, 122, 66];
const grassDry: Color = [144, 142, 94];
const forestFloor: Color = [70, 80, 48];
const sand: Color = [206, 192, 158];
const reed: Color = [92, 104, 58];
const waterDeep: Color = [44, 66, 66];
const waterShallow: Color = [86, 100, 82];
const asphalt: Color = [136, 135, 133];
const asphaltOld: Color = [158, 155, 149];
const gravel: Color = [186, 178, 160];
const dirt: Color = [176, 156, 124];
const concrete: Color = [188, 186, 180];
const roadPaint: Color = [236, 236, 230];

/** The colour being mixed for one pixel. */
class Mixer {
  red = 0;
  green = 0;
  blue = 0;

  // By index: this runs for every pixel, and taking an array apart costs an iterator each time.
  set(color: Color, light = 1): void {
    this.red = color[0] * light;
    this.green = color[1] * light;
    this.blue = color[2] * light;
  }

  /** Lays a colour over what is there, `share` of it covering. */
  lay(color: Color, share: number, light = 1): void {
    if (share > 0) {
      this.red += (color[0] * light - this.red) * share;
      this.green += (color[1] * light - this.green) * share;
      this.blue += (color[2] * light - this.blue) * share;
    }
  }

  scale(factor: number): void {
    this.red *= factor;
    this.green *= factor;
    this.blue *= factor;
  }
}

/** Draws everything that is flat: fields, meadows, woods' floor, yards, river, roads. */
export function drawGround(canvas: Canvas, landscape: Landscape, fields: Fields): void {
  const { noise } = landscape;
  const mixer = new Mixer();
  const place: FieldPlace = {
    trackMeters: 0,
    edgeMeters: 0,
    across: 0,
    along: 0,
    crop: { color: grassDry, rowMeters: 0, rowContrast: 0, tramlineMeters: 0, patchiness: 0 },
    stripHash: 0,
  };
  const grids = {
    wood: new CoarseGrid(canvas, (x, y) => landscape.wood(x, y)),
    river: new CoarseGrid(canvas, (x, y) => landscape.riverDistance(x, y)),
    mainRoad: new CoarseGrid(canvas, (x, y) => landscape.mainRoadDistance(x, y)),
    sideRoad: new CoarseGrid(canvas, (x, y) => landscape.sideRoadDistance(x, y)),
    patches: new CoarseGrid(canvas, (x, y) => noise.rough(x / 31 + 9, y / 31)),
    slope: new CoarseGrid(canvas, (x, y) => terrainLight(noise, x, y)),
    tufts: new CoarseGrid(canvas, (x, y) => noise.at(x / 5.3, y / 5.3 + 40)),
  };
  const fineRow = new Float32Array(canvas.width);
  for (let pixelY = 0, index = 0; pixelY < canvas.height; pixelY++) {
    const y = (canvas.top + pixelY + 0.5) * METERS_PER_PIXEL;
    const mainRoads = grids.mainRoad.row(pixelY);
    const sideRoads = grids.sideRoad.row(pixelY);
    const rivers = grids.river.row(pixelY);
    const woods = grids.wood.row(pixelY);
    const patchesRow = grids.patches.row(pixelY);
    const tuftsRow = grids.tufts.row(pixelY);
    const slopes = grids.slope.row(pixelY);
    noise.fillRow(fineRow, canvas.left * METERS_PER_PIXEL * FINE, y * FINE, METERS_PER_PIXEL * FINE);
    for (let pixelX = 0; pixelX < canvas.width; pixelX++, index++) {
      const x = (canvas.left + pixelX + 0.5) * METERS_PER_PIXEL;
      const mainRoad = mainRoads[pixelX] as number;
      const sideRoad = sideRoads[pixelX] as number;
      const river = rivers[pixelX] as number;
      const wood = woods[pixelX] as number;
      const patches = patchesRow[pixelX] as number;
      const tufts = tuftsRow[pixelX] as number;
      const fine = fineRow[pixelX] as number;
      const grain = random(canvas.left + pixelX, canvas.top + pixelY, landscape.seed) - 0.5;
      const village = landscape.village(x, mainRoad, sideRoad);

      let id: number = classId.background;
      if (wood > 0.02) {
        mixer.set(forestFloor, 1 + 0.2 * tufts + 0.18 * fine);
      } else if (village > 0.5) {
        layYard(mixer, landscape, x, mainRoad, patches, tufts, fine);
      } else {
        fields.locate(x, y, place);
        layField(mixer, place, patches, tufts, fine, noise, x, y);
        const bank = Math.abs(river) - landscape.riverHalfWidth;
        // The river's meadows, wider here and there.
        const meadow = 1 - smoothStep(8, 30, bank + 11 * patches);
        mixer.lay(grassLush, meadow, 1 + 0.14 * patches + 0.1 * tufts + 0.07 * fine);
        // Grass grows high where the plough doesn't reach the wood.
        mixer.lay(grassLush, smoothStep(-0.09, 0, wood) * 0.8, 0.86 + 0.1 * tufts);
      }
      if (wood > -0.06 && wood <= 0.02 && village <= 0.5) {
        mixer.scale(0.94);
      }
      if (wood > 0.02) {
        id = classId.woodland;
      }

      id = layRiver(mixer, landscape, x, river, patches, tufts, fine, id);
      if (
        Math.abs(mainRoad) < landscape.mainRoadHalfWidth + VERGE_METERS ||
        Math.abs(sideRoad) < landscape.sideRoadHalfWidth + VERGE_METERS
      ) {
        id = layRoads(mixer, landscape, { x, y, mainRoad, sideRoad, river, fine, tufts }, id);
      }

      const light = (slopes[pixelX] as number) * (1 + 0.035 * grain);
      canvas.albedo[3 * index] = mixer.red * light;
      canvas.albedo[3 * index + 1] = mixer.green * light;
      canvas.albedo[3 * index + 2] = mixer.blue * light;
      canvas.classes[index] = id;
    }
  }
}

/** Gentle hills: slopes towards the sun (from the south-south-east) are brighter. */
function terrainLight(noise: Noise, x: number, y: number): number {
  const heightAt = (atX: number, atY: number): number => noise.rough(atX / 170 + 3, atY / 170);
  return 1 + 1.5 * (heightAt(x, y) - heightAt(x + 2, y + 4));
}

function layField(
  mixer: Mixer,
  place: FieldPlace,
  patches: number,
  tufts: number,
  fine: number,
  noise: Noise,
  x: number,
  y: number,
): void {
  const { crop, across, edgeMeters, trackMeters } = place;
  const tint = ((place.stripHash & 255) / 255 - 0.5) * 0.12;
  let light = 1 + tint + crop.patchiness * (0.9 * patches + 0.45 * tufts) + 0.05 * fine;
  // Near its ends a strip was sown across, along the track.
  const headland = trackMeters < 11;
  const rowPosition = headland ? trackMeters : across;
  if (crop.rowMeters > 0) {
    // A drill never runs quite straight.
    const wobble = 0.16 * noise.at(x / 9, y / 9);
    light += crop.rowContrast * Math.sin(((rowPosition + wobble) / crop.rowMeters) * 2 * Math.PI);
  }
  mixer.set(crop.color, light);
  if (crop.tramlineMeters > 0) {
    const offset = Math.abs(
      ((((rowPosition + 3) % crop.tramlineMeters) + crop.tramlineMeters) % crop.tramlineMeters) - 2,
    );
    const wheel = Math.abs(offset - 0.9);
    mixer.lay(dirt, 0.34 * (1 - smoothStep(0.15, 0.5, wheel)), 0.82);
  }
  // The balk between two strips.
  const balk = 1 - smoothStep(0.25, 0.75, edgeMeters + 0.2 * tufts);
  mixer.lay(grassLush, 0.7 * balk, 0.88 + 0.12 * fine);
  // The track between two blocks: two ruts in grass.
  if (trackMeters < 2.6) {
    mixer.lay(grassDry, 1 - smoothStep(1.7, 2.3, trackMeters + 0.25 * tufts), 0.95 + 0.08 * fine);
    const rut = Math.abs(trackMeters - 0.75);
    mixer.lay(dirt, 0.85 * (1 - smoothStep(0.28, 0.55, rut)), 1.02 + 0.06 * fine);
  }
}

/** Gardens by the width of the lots along the main road. */
function layYard(
  mixer: Mixer,
  landscape: Landscape,
  x: number,
  mainRoad: number,
  patches: number,
  tufts: number,
  fine: number,
): void {
  const lot = Math.floor(x / LOT_METERS);
  const inLot = x / LOT_METERS - lot;
  const side = mainRoad < 0 ? 1 : 2;
  const depth = Math.abs(mainRoad);
  const kind = random(lot, side, landscape.seed + 3);
  const light =
    1 + 0.12 * patches + 0.09 * tufts + 0.07 * fine + 0.14 * (random(lot, side, landscape.seed + 4) - 0.5);
  mixer.set(kind < 0.6 ? grassLush : grassDry, light);
  if (depth > 32 && depth < 46 && kind > 0.35 && inLot > 0.12 && inLot < 0.88) {
    // Vegetables, in beds.
    const bed = Math.sin(depth * 4.4);
    mixer.set(bed > -0.2 ? [112, 122, 74] : dirt, 0.95 + 0.1 * fine + 0.08 * Math.sin(x * 7));
  }
  if (depth < 30 && depth > 5 && Math.abs(inLot - 0.84) < 1.5 / LOT_METERS && kind > 0.2) {
    // The drive to the yard.
    mixer.set(kind > 0.55 ? concrete : gravel, 0.94 + 0.06 * fine);
  }
  if (depth > 20 && depth < 30 && inLot > 0.5 && inLot < 0.92 && kind > 0.45) {
    mixer.set(gravel, 0.9 + 0.08 * tufts + 0.06 * fine);
  }
  // Hedges and fences between the lots.
  const fence = Math.min(inLot, 1 - inLot) * LOT_METERS;
  if (fence < 0.45 && depth > 6) {
    mixer.set(reed, 0.72 + 0.14 * fine);
  }
}

/** Width of a house's lot along the main road. */
export const LOT_METERS = 24;

function layRiver(
  mixer: Mixer,
  landscape: Landscape,
  x: number,
  river: number,
  patches: number,
  tufts: number,
  fine: number,
  id: number,
): number {
  const width = landscape.riverHalfWidth * (1 + 0.22 * landscape.noise.at(x / 60, 3.3));
  const beyond = Math.abs(river) - width - 0.35 * tufts;
  if (beyond > 14) {
    return id;
  }
  const inner = landscape.riverTurn(x) * Math.sign(river);
  if (beyond > 0) {
    mixer.lay(
      reed,
      0.75 * (1 - smoothStep(1.2, 4.5, beyond + 1.5 * patches)),
      0.94 + 0.16 * tufts + 0.1 * fine,
    );
    // The river drops its sand where it runs slowly: on the inside of its bends.
    const bar =
      smoothStep(0.18, 0.7, inner + 0.25 * patches) * (1 - smoothStep(2.5, 8.5, beyond - 3 * inner));
    mixer.lay(sand, bar, 0.99 + 0.06 * tufts + 0.05 * fine);
    const wet = (1 - smoothStep(0, 0.9, beyond)) * 0.5;
    mixer.lay(waterShallow, wet, 0.8);
    return bar > 0.5 && id === classId.woodland ? classId.background : id;
  }
  const shallow = smoothStep(-4.5 - 4 * Math.max(0, inner), 0, beyond);
  mixer.set(waterDeep, 1 + 0.06 * patches + 0.03 * tufts);
  mixer.lay(waterShallow, shallow * (0.35 + 0.5 * Math.max(0, inner)), 1);
  mixer.lay(sand, 0.35 * shallow * shallow * Math.max(0, inner), 0.9);
  // Ripples, drawn out along the stream.
  mixer.scale(1 + 0.03 * Math.sin(x * 0.9 + river * 2.7 + 4 * patches) + 0.02 * fine);
  return classId.water;
}

interface RoadPlace {
  readonly x: number;
  readonly y: number;
  readonly mainRoad: number;
  readonly sideRoad: number;
  readonly river: number;
  readonly fine: number;
  readonly tufts: number;
}

function layRoads(mixer: Mixer, landscape: Landscape, place: RoadPlace, id: number): number {
  const { x, y, mainRoad, sideRoad, river, fine, tufts } = place;
  const mainEdge = Math.abs(mainRoad) - landscape.mainRoadHalfWidth;
  const sideEdge = Math.abs(sideRoad) - landscape.sideRoadHalfWidth;
  const edge = Math.min(mainEdge, sideEdge);
  const overRiver = Math.abs(river) < landscape.riverHalfWidth * 1.25 + 2.5;
  if (edge > 0) {
    if (overRiver) {
      if (edge < 0.9) {
        mixer.set(concrete, 1.06);
        return classId.road;
      }
      return id;
    }
    // Verge: gravel first, then grass that is mown.
    mixer.lay(grassDry, 0.8 * (1 - smoothStep(2.2, 4.6, edge + 0.6 * tufts)), 0.93 + 0.08 * fine);
    mixer.lay(gravel, 1 - smoothStep(0.4, 1.5, edge + 0.4 * tufts), 0.96 + 0.05 * fine);
    return id === classId.water ? classId.water : classId.background;
  }
  if (mainEdge <= 0) {
    mixer.set(asphalt, 1 + 0.02 * fine + 0.03 * tufts);
    // Tyres darken and polish two lines in each lane.
    const lane = Math.abs(Math.abs(mainRoad) - 1.65);
    mixer.scale(1 - 0.07 * (1 - smoothStep(0.25, 0.6, Math.abs(lane - 0.75))));
    const dashed = ((x % 8) + 8) % 8 < 4;
    if (dashed && Math.abs(sideRoad) > 9) {
      mixer.lay(roadPaint, 0.8 * (1 - smoothStep(0.04, 0.2, Math.abs(mainRoad))));
    }
    mixer.lay(roadPaint, 0.45 * (1 - smoothStep(0.02, 0.18, Math.abs(mainEdge + 0.3))));
    return classId.road;
  }
  mixer.set(overRiver ? concrete : asphaltOld, 0.97 + 0.03 * fine + 0.05 * tufts);
  // Patches where the old lane was mended.
  if (!overRiver && landscape.noise.at(x / 3.1, y / 6.7) > 0.55) {
    mixer.scale(0.86);
  }
  return classId.road;
}
