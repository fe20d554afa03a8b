import { FeatureBoxes, joinedBoxes, type Box } from "./feature-boxes.ts";
import { cellBytes, mostCells, putCell, type RtreeLeaves } from "./rtree-leaves.ts";
import type { SqliteFile } from "./sqlite-file.ts";

/** Root pages of the three tables that SQLite's R*Tree module keeps (https://www.sqlite.org/src/file?name=ext/rtree/rtree.c). */
export interface RtreeRoots {
  readonly rowid: number;
  readonly node: number;
  readonly parent: number;
}

const headBytes = 4;
const nodeBytes = headBytes + mostCells * cellBytes;

/** Writes the spatial index of features numbered from 1 above its packed leaves; boxes are in single precision. */
export function writeRtree(file: SqliteFile, leaves: RtreeLeaves): RtreeRoots {
  leaves.endRun();
  const levelSizes = [Math.max(1, leaves.boxes.count)];
  for (let size = levelSizes[0] as number; size > 1;) {
    size = Math.ceil(size / mostCells);
    levelSizes.push(size);
  }
  // Node 1 is the root; each level's numbers follow those of the one above.
  const firstNumbers = levelSizes.map(
    (_, level) => 1 + levelSizes.slice(level + 1).reduce((sum, above) => sum + above, 0),
  );
  const top = levelSizes.length - 1;
  const boxesOfLevel: FeatureBoxes[] = [leaves.boxes];
  const parentOf: number[] = [];
  for (let level = 1; level <= top; level += 1) {
    const items = boxesOfLevel[level - 1] as FeatureBoxes;
    const own = new FeatureBoxes("single");
    for (let index = 0; index < (levelSizes[level] as number); index += 1) {
      let box: Box | null = null;
      for (let item = index * mostCells; item < Math.min((index + 1) * mostCells, items.count); item += 1) {
        box = joinedBoxes(box, items.box(item));
        parentOf[(firstNumbers[level - 1] as number) + item] = (firstNumbers[level] as number) + index;
      }
      own.add(box ?? [0, 0, 0, 0]);
    }
    boxesOfLevel.push(own);
  }
  const node = file.table();
  const data = new Uint8Array(nodeBytes);
  const startNode = (level: number, cells: number): void => {
    data.fill(0);
    const view = new DataView(data.buffer);
    // The root alone says how deep the tree is.
    view.setUint16(0, level === top ? level : 0);
    view.setUint16(2, cells);
  };
  for (let level = top; level > 0; level -= 1) {
    const items = boxesOfLevel[level - 1] as FeatureBoxes;
    for (let index = 0; index < (levelSizes[level] as number); index += 1) {
      const from = index * mostCells;
      const to = Math.min(from + mostCells, items.count);
      startNode(level, to - from);
      for (let item = from; item < to; item += 1) {
        const at = headBytes + (item - from) * cellBytes;
        putCell(data, at, (firstNumbers[level - 1] as number) + item, items.box(item));
      }
      node.add((firstNumbers[level] as number) + index, [null, data]);
    }
  }
  const firstLeaf = firstNumbers[0] as number;
  let leafNumber = firstLeaf;
  for (const cells of leaves.cells()) {
    startNode(0, cells.length / cellBytes);
    data.set(cells, headBytes);
    node.add(leafNumber, [null, data]);
    leafNumber += 1;
  }
  if (leaves.count === 0) {
    startNode(0, 0);
    node.add(firstLeaf, [null, data]);
  }
  const nodeRoot = node.finish();
  const parent = file.table();
  parentOf.forEach((above, number) => {
    parent.add(number, [null, { integer: above }]);
  });
  const parentRoot = parent.finish();
  const rowid = file.table();
  let feature = 0;
  for (const leafOf of leaves.leavesOfFeatures()) {
    for (const leaf of leafOf) {
      feature += 1;
      rowid.add(feature, [null, { integer: firstLeaf + leaf }]);
    }
  }
  return { rowid: rowid.finish(), node: nodeRoot, parent: parentRoot };
}
