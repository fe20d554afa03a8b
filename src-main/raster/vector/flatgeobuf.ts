import { readSync } from "node:fs";
import { hostIsLittleEndian } from "../codecs/samples.ts";
import type { TracedPolygon } from "../polygons/traced-polygon.ts";
import type { BeforeRename } from "../write/atomic-file.ts";
import { AppendFile } from "./append-file.ts";
import { wktOfCrs } from "./crs-wkt.ts";
import { FeatureBoxes } from "./feature-boxes.ts";
import { encodeFlatBuffer, type FlatField } from "./flat-buffer.ts";
import { areaMeasure, toMap, type AreaMeasure, type MapPolygon } from "./polygon-geometry.ts";
import { classNameIn, polygonColumns, type PolygonLayer, type PolygonWriter } from "./polygon-layer.ts";

const magic = Uint8Array.of(0x66, 0x67, 0x62, 0x03, 0x66, 0x67, 0x62, 0x00);
const polygonType = 3;
const columnType = { int: 5, double: 10, text: 11 } as const;
const nodeItems = 16;
const nodeItemBytes = 40;

/**
 * Starts a FlatGeobuf (version 3, https://flatgeobuf.org) of one layer in the raster's own CRS, with its packed Hilbert R-tree.
 *
 * The format wants the index first and the features in its order, so they are spooled beside the file until the end.
 */
export async function createFlatGeobuf(filePath: string, layer: PolygonLayer): Promise<PolygonWriter> {
  return new FlatGeobufWriter(filePath, layer, await AppendFile.create(`${filePath}.features`));
}

class FlatGeobufWriter implements PolygonWriter {
  readonly #filePath: string;
  readonly #layer: PolygonLayer;
  readonly #spool: AppendFile;
  readonly #measure: AreaMeasure | null;
  readonly #boxes = new FeatureBoxes("double");
  readonly #lengths: number[] = [];
  #output: AppendFile | null = null;

  constructor(filePath: string, layer: PolygonLayer, spool: AppendFile) {
    this.#filePath = filePath;
    this.#layer = layer;
    this.#spool = spool;
    this.#measure = areaMeasure(layer.crs, layer.geotransform);
  }

  write(polygon: TracedPolygon): void {
    const map = toMap(polygon, this.#layer.geotransform);
    const area = this.#measure === null ? null : this.#measure(polygon, map);
    const before = this.#spool.length;
    // The positions stand last, so that a polygon too large for memory is written as its rings come.
    this.#spool.append(
      encodeFlatBuffer(
        [
          {
            id: 1,
            kind: "bytes",
            value: properties(polygon.classId, classNameIn(this.#layer, polygon.classId), area),
          },
          {
            id: 0,
            kind: "table",
            value: [
              { id: 0, kind: "uints", value: ringEndsOf(map) },
              { id: 1, kind: "doubles", value: [] },
            ],
          },
        ],
        map.positionCount * 2,
      ),
    );
    for (const { positions } of map.batches) {
      this.#spool.append(littleEndian(positions));
    }
    this.#lengths.push(this.#spool.length - before);
    this.#boxes.add(map.box);
  }

  async finish(beforeRename?: BeforeRename): Promise<void> {
    try {
      this.#spool.flush();
      const output = await AppendFile.create(this.#filePath);
      this.#output = output;
      // Highest first: so has the format's own library.
      const order = this.#boxes.alongHilbertCurve().reverse();
      output.append(magic);
      output.append(encodeFlatBuffer(this.#header()));
      if (order.length > 0) {
        writePackedTree(output, this.#boxes, order, this.#lengths);
      }
      this.#copyFeatures(output, order);
      await output.commit(beforeRename);
    } finally {
      await this.discard();
    }
  }

  async discard(): Promise<void> {
    await this.#output?.discard();
    await this.#spool.discard();
  }

  #copyFeatures(output: AppendFile, order: Uint32Array): void {
    const starts = new Float64Array(this.#lengths.length);
    for (let index = 1; index < starts.length; index += 1) {
      starts[index] = (starts[index - 1] as number) + (this.#lengths[index - 1] as number);
    }
    const buffer = new Uint8Array(1 << 16);
    for (const feature of order) {
      const length = this.#lengths[feature] as number;
      for (let done = 0; done < length;) {
        const wanted = Math.min(buffer.length, length - done);
        const read = readSync(this.#spool.descriptor, buffer, 0, wanted, (starts[feature] as number) + done);
        if (read === 0) {
          throw new Error(`${this.#filePath}.features was cut short while it was read`);
        }
        output.append(buffer.subarray(0, read));
        done += read;
      }
    }
  }

  #header(): FlatField[] {
    const { name, crs } = this.#layer;
    const box = this.#boxes.extent();
    const wkt = wktOfCrs(crs);
    const system: FlatField[] = [
      ...(crs.kind === "epsg"
        ? ([
            { id: 0, kind: "text", value: "EPSG" },
            { id: 1, kind: "i32", value: crs.code },
          ] as const)
        : []),
      ...(crs.kind === "epsg" || crs.kind === "custom"
        ? ([{ id: 2, kind: "text", value: crs.name }] as const)
        : []),
      ...(wkt === null ? [] : ([{ id: 4, kind: "text", value: wkt }] as const)),
    ];
    return [
      { id: 0, kind: "text", value: name },
      ...(box === null ? [] : ([{ id: 1, kind: "doubles", value: box }] as const)),
      { id: 2, kind: "u8", value: polygonType },
      {
        id: 7,
        kind: "tables",
        value: [
          column(polygonColumns.classId, columnType.int),
          column(polygonColumns.className, columnType.text),
          column(polygonColumns.area, columnType.double),
        ],
      },
      { id: 8, kind: "u64", value: this.#boxes.count },
      // Without features there is no tree.
      { id: 9, kind: "u16", value: this.#boxes.count === 0 ? 0 : nodeItems },
      ...(system.length === 0 ? [] : ([{ id: 10, kind: "table", value: system }] as const)),
    ];
  }
}

function column(name: string, type: number): FlatField[] {
  return [
    { id: 0, kind: "text", value: name },
    { id: 1, kind: "u8", value: type },
  ];
}

function properties(classId: number, className: string, area: number | null): Uint8Array {
  const text = Buffer.from(className, "utf8");
  const bytes = new Uint8Array(6 + 6 + text.length + (area === null ? 0 : 10));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0, true);
  view.setInt32(2, classId, true);
  view.setUint16(6, 1, true);
  view.setUint32(8, text.length, true);
  bytes.set(text, 12);
  if (area !== null) {
    view.setUint16(12 + text.length, 2, true);
    view.setFloat64(14 + text.length, area, true);
  }
  return bytes;
}

/** Where rings end, in positions from the polygon's first on. */
function ringEndsOf({ ringCount, batches }: MapPolygon): Uint32Array {
  const ends = new Uint32Array(ringCount);
  let ring = 0;
  let before = 0;
  for (const { positions, ringEnds } of batches) {
    for (const end of ringEnds) {
      ends[ring] = before + end;
      ring += 1;
    }
    before += positions.length / 2;
  }
  return ends;
}

function littleEndian(positions: Float64Array): Uint8Array {
  if (hostIsLittleEndian) {
    return new Uint8Array(positions.buffer, positions.byteOffset, positions.byteLength);
  }
  const bytes = new Uint8Array(positions.length * 8);
  const view = new DataView(bytes.buffer);
  positions.forEach((value, index) => {
    view.setFloat64(index * 8, value, true);
  });
  return bytes;
}

/** The boxes of one level of the tree, in order. */
interface TreeLevel {
  readonly count: number;
  readonly box: (index: number) => readonly [minX: number, minY: number, maxX: number, maxY: number];
}

/** Writes the packed R-tree of features in their final order: the root first, sixteen children a node, each with its box and place. */
function writePackedTree(
  output: AppendFile,
  boxes: FeatureBoxes,
  order: Uint32Array,
  lengths: readonly number[],
): void {
  const levels: TreeLevel[] = [{ count: order.length, box: (index) => boxes.box(order[index] as number) }];
  let below = levels[0] as TreeLevel;
  do {
    const own = new FeatureBoxes("double");
    for (let first = 0; first < below.count; first += nodeItems) {
      const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let child = first; child < Math.min(first + nodeItems, below.count); child += 1) {
        const [minX, minY, maxX, maxY] = below.box(child);
        box[0] = Math.min(box[0], minX);
        box[1] = Math.min(box[1], minY);
        box[2] = Math.max(box[2], maxX);
        box[3] = Math.max(box[3], maxY);
      }
      own.add(box);
    }
    below = { count: own.count, box: (index) => own.box(index) };
    levels.push(below);
  } while (below.count > 1);
  const node = new Uint8Array(nodeItemBytes);
  const view = new DataView(node.buffer);
  const put = (box: readonly number[], place: number): void => {
    box.forEach((value, index) => {
      view.setFloat64(index * 8, value, true);
    });
    view.setBigUint64(32, BigInt(place), true);
    output.append(node);
  };
  let firstBelow = 0;
  for (let level = levels.length - 1; level > 0; level -= 1) {
    const { count, box } = levels[level] as TreeLevel;
    // Each level begins where the one above it ends.
    firstBelow += count;
    for (let index = 0; index < count; index += 1) {
      put(box(index), firstBelow + index * nodeItems);
    }
  }
  let place = 0;
  for (const feature of order) {
    put(boxes.box(feature), place);
    place += lengths[feature] as number;
  }
}
