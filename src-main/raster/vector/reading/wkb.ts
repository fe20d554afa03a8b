import { viewOf } from "./buffered-source.ts";
import type { PolygonRings, VectorGeometry } from "./vector-layer.ts";

/** A collection within a collection, and so on: no honest file goes deeper. */
const deepest = 8;

/**
 * Reads well-known binary (OGC 06-103r4, section 8.2; also with heights, measures, and PostGIS' flags); heights are left out.
 *
 * Throws a RangeError where the bytes end too early or make no sense.
 */
export function geometryFromWkb(bytes: Uint8Array): VectorGeometry {
  const reader = new WkbReader(bytes);
  const found: PolygonRings[] = [];
  const hasOthers = reader.geometry(found, 0);
  if (found.length > 0) {
    return { kind: "polygons", polygons: found };
  }
  return hasOthers ? { kind: "other" } : { kind: "none" };
}

class WkbReader {
  readonly #view: DataView;
  #at = 0;
  /** After a curve: where it ends isn't known here. */
  #isLost = false;

  constructor(bytes: Uint8Array) {
    this.#view = viewOf(bytes);
  }

  /** Adds polygons to `found`; answers whether there is anything else. */
  geometry(found: PolygonRings[], depth: number): boolean {
    const isLittle = this.#view.getUint8(this.#at) === 1;
    const code = this.#view.getUint32(this.#at + 1, isLittle);
    this.#at += 5;
    const [type, dimensions, hasId] = typeOf(code);
    if (hasId) {
      this.#at += 4;
    }
    switch (type) {
      case 1:
        this.#at += dimensions * 8;
        return true;
      case 2:
        this.#at += this.#count(isLittle, dimensions * 8) * dimensions * 8;
        return true;
      case 3:
        this.#polygon(found, isLittle, dimensions);
        return false;
      case 4:
      case 5:
      case 6:
      case 7:
      case 12: {
        if (depth === deepest) {
          throw new RangeError("geometries within geometries, too deep");
        }
        const parts = this.#count(isLittle, 5);
        let hasOthers = false;
        for (let part = 0; part < parts && !this.#isLost; part++) {
          hasOthers = this.geometry(found, depth + 1) || hasOthers;
        }
        return hasOthers;
      }
      default:
        this.#isLost = true;
        return true;
    }
  }

  /** Empty rings, of which millions fit into a file, are left out. */
  #polygon(found: PolygonRings[], isLittle: boolean, dimensions: number): void {
    const rings: Float64Array[] = [];
    const count = this.#count(isLittle, 4);
    for (let number = 0; number < count; number++) {
      const positions = this.#count(isLittle, dimensions * 8);
      const ring = new Float64Array(positions * 2);
      for (let index = 0; index < positions; index++) {
        ring[index * 2] = this.#view.getFloat64(this.#at, isLittle);
        ring[index * 2 + 1] = this.#view.getFloat64(this.#at + 8, isLittle);
        this.#at += dimensions * 8;
      }
      if (positions > 0) {
        rings.push(ring);
      }
    }
    if (rings.length > 0) {
      found.push(rings);
    }
  }

  /** A number of things of at least so many bytes each; refused before memory is taken for what the bytes can't hold. */
  #count(isLittle: boolean, leastBytes: number): number {
    const count = this.#view.getUint32(this.#at, isLittle);
    this.#at += 4;
    if (count * leastBytes > this.#view.byteLength - this.#at) {
      throw new RangeError(`${count} parts where ${this.#view.byteLength - this.#at} bytes are left`);
    }
    return count;
  }
}

function typeOf(code: number): readonly [type: number, dimensions: number, hasId: boolean] {
  // PostGIS' flags are in the highest bits, ISO's dimensions in the thousands.
  const flags = code >>> 28;
  const plain = code & 0x0fff_ffff;
  const thousands = Math.floor(plain / 1000);
  const more = thousands === 0 ? 0 : thousands === 3 ? 2 : 1;
  const flagged = ((flags & 8) === 0 ? 0 : 1) + ((flags & 4) === 0 ? 0 : 1);
  return [plain % 1000, 2 + Math.max(more, flagged), (flags & 2) !== 0];
}
