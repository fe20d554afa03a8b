import { FeatureBoxes } from "./feature-boxes.ts";
import type { SqliteFile } from "./sqlite-file.ts";

/** Root pages of the three tables that SQLite's R*Tree module keeps (https://www.sqlite.org/src/file?name=ext/rtree/rtree.c). */
export interface RtreeRoots {
  readonly rowid: number;
  readonly node: number;
  readonly parent: number;
}

/** Cells of a node, as the module reckons for pages of 4096 bytes and two dimensions of 32-bit floats. */
const mostCells = 51;
const cellBytes = 24;
const nodeBytes = 4 + mostCells * cellBytes;

/** Writes the spatial index of features numbered from 1, packed along a Hilbert curve; their boxes are in single precision. */
export function writeRtree(file: SqliteFile, boxes: FeatureBoxes): RtreeRoots {
  const order = boxes.alongHilbertCurve();
  const levelSizes: number[] = [];
  let size = Math.max(1, Math.ceil(boxes.count / mostCells));
  levelSizes.push(size);
  while (size > 1) {
    size = Math.ceil(size / mostCells);
    levelSizes.push(size);
  }
  // Node 1 is the root; each level's numbers follow those of the one above.
  const firstNumbers = levelSizes.map(
    (_, level) => 1 + levelSizes.slice(level + 1).reduce((sum, above) => sum + above, 0),
  );
  const node = file.table();
  const parentOf: number[] = [];
  const boxesOfLevel: FeatureBoxes[] = [];
  for (const [level, count] of levelSizes.entries()) {
    const items = level === 0 ? boxes : (boxesOfLevel[level - 1] as FeatureBoxes);
    const own = new FeatureBoxes("single");
    for (let index = 0; index < count; index += 1) {
      let box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let item = index * mostCells; item < Math.min((index + 1) * mostCells, items.count); item += 1) {
        const [minX, minY, maxX, maxY] = items.box(level === 0 ? (order[item] as number) : item);
        box = [
          Math.min(box[0] as number, minX),
          Math.min(box[1] as number, minY),
          Math.max(box[2] as number, maxX),
          Math.max(box[3] as number, maxY),
        ];
        if (level > 0) {
          parentOf[(firstNumbers[level - 1] as number) + item] = (firstNumbers[level] as number) + index;
        }
      }
      own.add(box as [number, number, number, number]);
    }
    boxesOfLevel.push(own);
  }
  for (let level = levelSizes.length - 1; level >= 0; level -= 1) {
    const items = level === 0 ? boxes : (boxesOfLevel[level - 1] as FeatureBoxes);
    for (let index = 0; index < (levelSizes[level] as number); index += 1) {
      const data = new Uint8Array(nodeBytes);
      const view = new DataView(data.buffer);
      const from = index * mostCells;
      const to = Math.min(from + mostCells, items.count);
      if (level === levelSizes.length - 1) {
        view.setUint16(0, level);
      }
      view.setUint16(2, Math.max(0, to - from));
      for (let item = from; item < to; item += 1) {
        const feature = level === 0 ? (order[item] as number) : item;
        const [minX, minY, maxX, maxY] = items.box(feature);
        const at = 4 + (item - from) * cellBytes;
        const id = level === 0 ? feature + 1 : (firstNumbers[level - 1] as number) + item;
        view.setUint32(at + 4, id);
        view.setFloat32(at + 8, minX);
        view.setFloat32(at + 12, maxX);
        view.setFloat32(at + 16, minY);
        view.setFloat32(at + 20, maxY);
      }
      node.add((firstNumbers[level] as number) + index, [null, data]);
    }
  }
  const nodeRoot = node.finish();
  const parent = file.table();
  parentOf.forEach((above, number) => {
    parent.add(number, [null, { integer: above }]);
  });
  const parentRoot = parent.finish();
  const leafOf = new Uint32Array(boxes.count);
  order.forEach((feature, place) => {
    leafOf[feature] = (firstNumbers[0] as number) + Math.floor(place / mostCells);
  });
  const rowid = file.table();
  leafOf.forEach((leaf, feature) => {
    rowid.add(feature + 1, [null, { integer: leaf }]);
  });
  return { rowid: rowid.finish(), node: nodeRoot, parent: parentRoot };
}
