import { classId, PIXELS_PER_METER } from "./canvas.ts";
import type { Canvas } from "./canvas.ts";
import type { Color } from "./fields.ts";
import { LOT_METERS } from "./ground.ts";
import type { Landscape } from "./landscape.ts";
import { random } from "./noise.ts";

/** A building as seen from above, in metres. */
export interface Building {
  readonly x: number;
  readonly y: number;
  /** Direction of the ridge. */
  readonly cosine: number;
  readonly sine: number;
  readonly halfLength: number;
  readonly halfWidth: number;
  readonly wallHeight: number;
  /** Rise of the roof for a metre inwards. */
  readonly pitch: number;
  readonly hipped: boolean;
  readonly color: Color;
  readonly chimney: boolean;
  readonly seed: number;
}

const tiles: readonly Color[] = [
  [178, 98, 74],
  [162, 84, 66],
  [190, 116, 88],
  [146, 82, 70],
  [124, 92, 80],
  [112, 110, 112],
  [92, 92, 98],
];
const sheds: readonly Color[] = [
  [168, 168, 166],
  [148, 138, 128],
  [132, 140, 150],
  [156, 116, 96],
  [188, 184, 176],
];

/** Buildings whose roof may reach into the given part of the country. */
export function buildingsWithin(
  landscape: Landscape,
  {
    west,
    east,
    north,
    south,
  }: { readonly west: number; readonly east: number; readonly north: number; readonly south: number },
): Building[] {
  const reach = 30;
  const found: Building[] = [];
  const firstLot = Math.floor((west - reach) / LOT_METERS);
  const lastLot = Math.floor((east + reach) / LOT_METERS);
  for (let lot = firstLot; lot <= lastLot; lot++) {
    for (const side of [-1, 1]) {
      found.push(...lotBuildings(landscape, lot, side));
    }
  }
  for (let mosaic = 0; mosaic < landscape.mosaics; mosaic++) {
    found.push(...sideRoadBuildings(landscape, mosaic));
  }
  return found.filter(
    ({ x, y }) => x > west - reach && x < east + reach && y > north - reach && y < south + reach,
  );
}

/** House and barn of one lot of the main road. */
function lotBuildings(landscape: Landscape, lot: number, side: number): Building[] {
  const { seed } = landscape;
  const draw = (index: number): number => random(lot * 2 + (side > 0 ? 1 : 0), index, seed + 21);
  const x = (lot + 0.42 + 0.1 * (draw(0) - 0.5)) * LOT_METERS;
  const slope = landscape.mainRoadSlope(x);
  const along = Math.atan(slope);
  const atDepth = (depth: number, shift: number): { x: number; y: number } => ({
    x: x + shift * Math.cos(along) - side * depth * Math.sin(along),
    y: landscape.mainRoadY(x) + shift * Math.sin(along) + side * depth * Math.cos(along),
  });
  const built: Building[] = [];
  if (draw(1) < 0.86) {
    const gableToRoad = draw(2) < 0.35;
    const halfLength = 4.8 + 2.2 * draw(3);
    const halfWidth = 3.9 + 1.1 * draw(4);
    built.push({
      ...atDepth(12.5 + 4 * draw(5), 0),
      ...direction(along + (gableToRoad ? Math.PI / 2 : 0) + 0.06 * (draw(6) - 0.5)),
      halfLength,
      halfWidth,
      wallHeight: draw(7) < 0.3 ? 5.6 : 3.4,
      pitch: 0.62 + 0.3 * draw(8),
      hipped: draw(9) < 0.3,
      color: tiles[Math.floor(draw(10) * tiles.length)] as Color,
      chimney: true,
      seed: lot * 4 + side,
    });
  }
  if (draw(11) < 0.62) {
    built.push({
      ...atDepth(33 + 5 * draw(12), 2.2 * (draw(13) - 0.5)),
      ...direction(along + (draw(14) < 0.7 ? 0 : Math.PI / 2)),
      halfLength: 5 + 3.2 * draw(15),
      halfWidth: 3.1 + 1.4 * draw(16),
      wallHeight: 3.2 + 1.4 * draw(17),
      pitch: 0.3 + 0.35 * draw(18),
      hipped: false,
      color: sheds[Math.floor(draw(19) * sheds.length)] as Color,
      chimney: false,
      seed: lot * 4 + side + 2,
    });
  }
  return built.filter((building) => mayStand(landscape, building, true));
}

function sideRoadBuildings(landscape: Landscape, mosaic: number): Building[] {
  const built: Building[] = [];
  const count = Math.ceil(landscape.sideMeters / 26);
  for (let lot = -count; lot <= count; lot++) {
    for (const side of [-1, 1]) {
      const draw = (index: number): number =>
        random(lot * 2 + (side > 0 ? 1 : 0), index, landscape.seed + 31 + mosaic);
      const middle = landscape.mosaicLeft(mosaic) + landscape.sideMeters / 2;
      const y = landscape.mainRoadY(middle) + (lot + 0.5) * 26;
      const along = Math.PI / 2 - Math.atan(landscape.sideRoadSlope(mosaic, y));
      const depth = 11 + 4 * draw(0);
      const x = landscape.sideRoadX(mosaic, y) + side * depth;
      if (draw(1) > 0.72) {
        continue;
      }
      built.push({
        x,
        y,
        ...direction(along + (draw(2) < 0.4 ? Math.PI / 2 : 0)),
        halfLength: 4.6 + 1.8 * draw(3),
        halfWidth: 3.8 + 1 * draw(4),
        wallHeight: 3.6 + 2 * draw(5),
        pitch: 0.6 + 0.3 * draw(6),
        hipped: draw(7) < 0.4,
        color: tiles[Math.floor(draw(8) * tiles.length)] as Color,
        chimney: draw(9) < 0.8,
        seed: 9000 + lot * 4 + side,
      });
    }
  }
  return built.filter((building) => mayStand(landscape, building, false));
}

/** In the village, off the roads, out of the wood and away from the water. */
function mayStand(landscape: Landscape, { x, y, halfLength }: Building, onMainRoad: boolean): boolean {
  const mainRoad = landscape.mainRoadDistance(x, y);
  const sideRoad = landscape.sideRoadDistance(x, y);
  return (
    landscape.village(x, mainRoad, sideRoad) > 0.6 &&
    // Beyond the lots of the main road begin those of the side road.
    (onMainRoad || Math.abs(mainRoad) > 50) &&
    Math.abs(mainRoad) > 5 + halfLength &&
    Math.abs(sideRoad) > 4 + halfLength &&
    landscape.wood(x, y) < -0.04 &&
    Math.abs(landscape.riverDistance(x, y)) > landscape.riverHalfWidth * 1.3 + 14
  );
}

function direction(angle: number): { readonly cosine: number; readonly sine: number } {
  return { cosine: Math.cos(angle), sine: Math.sin(angle) };
}

/** Raises a building on the canvas: its roof's shape gives light and shadow later. */
export function drawBuilding(canvas: Canvas, building: Building): void {
  const { cosine, sine, halfLength, halfWidth, wallHeight, pitch, hipped } = building;
  const reach = Math.hypot(halfLength, halfWidth) + 0.5;
  const firstX = Math.max(0, Math.floor((building.x - reach) * PIXELS_PER_METER) - canvas.left);
  const lastX = Math.min(canvas.width - 1, Math.ceil((building.x + reach) * PIXELS_PER_METER) - canvas.left);
  const firstY = Math.max(0, Math.floor((building.y - reach) * PIXELS_PER_METER) - canvas.top);
  const lastY = Math.min(canvas.height - 1, Math.ceil((building.y + reach) * PIXELS_PER_METER) - canvas.top);
  const chimneyAlong = (random(building.seed, 1, 5) - 0.5) * halfLength;
  const chimneyAcross = 0.8 * (random(building.seed, 2, 5) < 0.5 ? -1 : 1);
  for (let pixelY = firstY; pixelY <= lastY; pixelY++) {
    const y = (canvas.top + pixelY + 0.5) / PIXELS_PER_METER - building.y;
    for (let pixelX = firstX; pixelX <= lastX; pixelX++) {
      const x = (canvas.left + pixelX + 0.5) / PIXELS_PER_METER - building.x;
      const along = x * cosine + y * sine;
      const across = y * cosine - x * sine;
      const inward = Math.min(halfWidth - Math.abs(across), hipped ? halfLength - Math.abs(along) : Infinity);
      if (inward < 0 || Math.abs(along) > halfLength) {
        continue;
      }
      const index = pixelY * canvas.width + pixelX;
      let [red, green, blue] = building.color;
      // Rows of tiles or sheets, weathered in streaks.
      const rows =
        0.03 * Math.sin(across * 17) + 0.05 * (random(Math.floor(along * 1.4), building.seed, 3) - 0.5);
      const ridge = Math.abs(across) < 0.16 && !hipped ? 0.1 : 0;
      let height = wallHeight + pitch * inward;
      if (
        building.chimney &&
        Math.abs(along - chimneyAlong) < 0.42 &&
        Math.abs(across - chimneyAcross) < 0.42
      ) {
        height += 1.3;
        [red, green, blue] = [142, 104, 90];
      }
      const light = 1 + rows + ridge;
      canvas.albedo[3 * index] = red * light;
      canvas.albedo[3 * index + 1] = green * light;
      canvas.albedo[3 * index + 2] = blue * light;
      canvas.heights[index] = height;
      canvas.classes[index] = classId.building;
    }
  }
}
