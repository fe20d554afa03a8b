import { classId, PIXELS_PER_METER } from "./canvas.ts";
import type { Canvas } from "./canvas.ts";
import type { Building } from "./buildings.ts";
import type { Color } from "./fields.ts";
import type { Landscape } from "./landscape.ts";
import { random } from "./noise.ts";

/** One crown as seen from above, in metres. */
export interface Tree {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly height: number;
  readonly conifer: boolean;
  readonly color: Color;
}

const broadleaved: readonly Color[] = [
  [84, 104, 52],
  [96, 114, 58],
  [74, 96, 48],
  [106, 118, 66],
  [88, 112, 60],
];
const conifers: readonly Color[] = [
  [62, 82, 54],
  [56, 76, 52],
  [70, 88, 56],
];

/** Metres between the crowns of a closed wood. */
const SPACING = 4.3;
/** Largest crown. */
const REACH = 6;

/** Trees whose crown may reach into the given part of the country: the woods', the village's, the river's, and those along the lane. */
export function treesWithin(
  landscape: Landscape,
  area: { readonly west: number; readonly east: number; readonly north: number; readonly south: number },
  buildings: readonly Building[],
): Tree[] {
  const trees: Tree[] = [];
  const lastRow = Math.floor((area.south + REACH) / SPACING);
  const lastColumn = Math.floor((area.east + REACH) / SPACING);
  for (let row = Math.floor((area.north - REACH) / SPACING); row <= lastRow; row++) {
    for (let column = Math.floor((area.west - REACH) / SPACING); column <= lastColumn; column++) {
      const tree = treeOf(landscape, column, row, buildings);
      if (tree !== null) {
        trees.push(tree);
      }
    }
  }
  return trees;
}

function treeOf(
  landscape: Landscape,
  column: number,
  row: number,
  buildings: readonly Building[],
): Tree | null {
  const { seed, noise } = landscape;
  const draw = (index: number): number => random(column * 16 + index, row, seed + 41);
  const x = (column + 0.5 + (draw(0) - 0.5) * 0.85) * SPACING;
  const y = (row + 0.5 + (draw(1) - 0.5) * 0.85) * SPACING;
  const chance = draw(2);
  const mainRoad = landscape.mainRoadDistance(x, y);
  const sideRoad = landscape.sideRoadDistance(x, y);
  const offMain = Math.abs(mainRoad) - landscape.mainRoadHalfWidth;
  const offSide = Math.abs(sideRoad) - landscape.sideRoadHalfWidth;
  if (offMain < 4.2 || offSide < 3) {
    return null;
  }
  const wood = landscape.wood(x, y);
  const offRiver = Math.abs(landscape.riverDistance(x, y)) - landscape.riverHalfWidth * 1.25;
  const conifer = noise.at(x / 70 + 60, y / 70) + 0.5 * (draw(3) - 0.5) > 0.16;
  if (wood > 0.02) {
    if (offRiver < 3.2) {
      return null;
    }
    // Clearings and young growth.
    const age = 0.75 + 0.25 * noise.at(x / 38, y / 38 + 20);
    return makeTree(x, y, (conifer ? 1.9 : 2.5) + 1.3 * draw(4), (11 + 7 * draw(5)) * age, conifer, draw(6));
  }
  const small = (): Tree => makeTree(x, y, 1.3 + 2.1 * draw(4), 3 + 6 * draw(5), draw(7) < 0.2, draw(6));
  if (landscape.village(x, mainRoad, sideRoad) > 0.5) {
    return chance < 0.17 && buildings.every((building) => isClear(building, x, y)) ? small() : null;
  }
  if (offRiver < 1.5) {
    return null;
  }
  if (wood > -0.07 && chance < 0.35) {
    return makeTree(x, y, 0.9 + 1.1 * draw(4), 1.5 + 2.5 * draw(5), false, draw(6));
  }
  if (offRiver < 11) {
    return chance < 0.12 + 0.4 * noise.at(x / 25, y / 25 + 7) ? small() : null;
  }
  if (offSide > 3 && offSide < 3 + SPACING && offMain > 12) {
    return chance < 0.4 ? small() : null;
  }
  return chance < 0.004 ? small() : null;
}

function makeTree(
  x: number,
  y: number,
  radius: number,
  height: number,
  conifer: boolean,
  shade: number,
): Tree {
  const palette = conifer ? conifers : broadleaved;
  const [red, green, blue] = palette[Math.floor(shade * palette.length)] as Color;
  const light = 0.86 + 0.3 * ((shade * 7) % 1);
  return { x, y, radius, height, conifer, color: [red * light, green * light, blue * light] };
}

/** No crown hangs over a roof: the mask would have to choose. */
function isClear({ x: middleX, y: middleY, halfLength, halfWidth }: Building, x: number, y: number): boolean {
  return Math.hypot(x - middleX, y - middleY) > Math.hypot(halfLength, halfWidth) + 3.2;
}

/** Raises a tree on the canvas, where it stands above what is there. */
export function drawTree(canvas: Canvas, landscape: Landscape, tree: Tree): void {
  const { noise } = landscape;
  const reach = tree.radius * 1.35;
  const firstX = Math.max(0, Math.floor((tree.x - reach) * PIXELS_PER_METER) - canvas.left);
  const lastX = Math.min(canvas.width - 1, Math.ceil((tree.x + reach) * PIXELS_PER_METER) - canvas.left);
  const firstY = Math.max(0, Math.floor((tree.y - reach) * PIXELS_PER_METER) - canvas.top);
  const lastY = Math.min(canvas.height - 1, Math.ceil((tree.y + reach) * PIXELS_PER_METER) - canvas.top);
  const [red, green, blue] = tree.color;
  for (let pixelY = firstY; pixelY <= lastY; pixelY++) {
    const y = (canvas.top + pixelY + 0.5) / PIXELS_PER_METER;
    for (let pixelX = firstX; pixelX <= lastX; pixelX++) {
      const x = (canvas.left + pixelX + 0.5) / PIXELS_PER_METER;
      const leaves = noise.at(x * 1.25, y * 1.25);
      const outward = Math.hypot(x - tree.x, y - tree.y) / tree.radius + 0.27 * leaves;
      if (outward >= 1) {
        continue;
      }
      const dome = tree.conifer
        ? 1 - 0.62 * Math.max(0, outward)
        : 0.58 + 0.42 * Math.sqrt(1 - outward * Math.abs(outward));
      const height = tree.height * dome + 0.55 * leaves;
      const index = pixelY * canvas.width + pixelX;
      if (height <= (canvas.heights[index] as number)) {
        continue;
      }
      const light = 1 + 0.2 * leaves;
      canvas.albedo[3 * index] = red * light;
      canvas.albedo[3 * index + 1] = green * light;
      canvas.albedo[3 * index + 2] = blue * light;
      canvas.heights[index] = height;
      canvas.classes[index] = classId.woodland;
    }
  }
}
