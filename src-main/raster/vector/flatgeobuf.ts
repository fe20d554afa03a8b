import { hostIsLittleEndian } from "../codecs/samples.ts";
import type { TracedPolygon } from "../polygons/traced-polygon.ts";
import type { BeforeRename } from "../write/atomic-file.ts";
import { AppendFile } from "./append-file.ts";
import { wktOfCrs } from "./crs-wkt.ts";
import { encodeFlatBuffer, type FlatField } from "./flat-buffer.ts";
import { nodeItems, SortedFeatures, writePackedTree } from "./packed-tree.ts";
import { areaMeasure, toMap, type AreaMeasure, type MapPolygon } from "./polygon-geometry.ts";
import { classNameIn, polygonColumns, type PolygonLayer, type PolygonWriter } from "./polygon-layer.ts";

const magic = Uint8Array.of(0x66, 0x67, 0x62, 0x03, 0x66, 0x67, 0x62, 0x00);
const polygonType = 3;
const columnType = { int: 5, double: 10, text: 11 } as const;

/**
 * Starts a FlatGeobuf (version 3, https://flatgeobuf.org) of one layer in the raster's own CRS, with its packed Hilbert R-tree.
 *
 * The format wants the index first and the features in its order, so they are spooled beside the file until the end.
 */
export async function createFlatGeobuf(filePath: string, layer: PolygonLayer): Promise<PolygonWriter> {
  const spool = await AppendFile.create(filePath, ".features");
  try {
    return new FlatGeobufWriter(filePath, layer, spool, await SortedFeatures.create(filePath));
  } catch (error) {
    await spool.discard();
    throw error;
  }
}

class FlatGeobufWriter implements PolygonWriter {
  readonly #filePath: string;
  readonly #layer: PolygonLayer;
  readonly #spool: AppendFile;
  readonly #measure: AreaMeasure | null;
  readonly #features: SortedFeatures;
  #output: AppendFile | null = null;

  constructor(filePath: string, layer: PolygonLayer, spool: AppendFile, features: SortedFeatures) {
    this.#features = features;
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
    this.#features.add({ box: map.box, start: before, length: this.#spool.length - before });
  }

  async finish(beforeRename?: BeforeRename): Promise<void> {
    try {
      const output = await AppendFile.create(this.#filePath);
      this.#output = output;
      output.append(magic);
      output.append(encodeFlatBuffer(this.#header()));
      if (this.#features.count > 0) {
        writePackedTree(output, this.#features);
      }
      this.#copyFeatures(output);
      await output.commit(beforeRename);
    } finally {
      await this.discard();
    }
  }

  async discard(): Promise<void> {
    await this.#output?.discard();
    await this.#features.discard();
    await this.#spool.discard();
  }

  #copyFeatures(output: AppendFile): void {
    const buffer = new Uint8Array(1 << 16);
    for (const { start, length } of this.#features.sorted()) {
      for (let done = 0; done < length; done += buffer.length) {
        const part = buffer.subarray(0, Math.min(buffer.length, length - done));
        this.#spool.read(part, start + done);
        output.append(part);
      }
    }
  }

  #header(): FlatField[] {
    const { name, crs } = this.#layer;
    const box = this.#features.extent();
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
      { id: 8, kind: "u64", value: this.#features.count },
      // Without features there is no tree.
      { id: 9, kind: "u16", value: this.#features.count === 0 ? 0 : nodeItems },
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
