import type { BlockReader, DecodedUnit } from "../blocks/block-reader.ts";
import type { Granularity } from "../blocks/block-units.ts";
import type { Level } from "../tiff/dataset.ts";
import { strideOf } from "../tiff/layout.ts";
import { SharedWindow } from "./shared-window.ts";
import { allocateSamples, unfilledSamples, type SampleArray } from "../typed-pixels.ts";

/** Pixels taken from one level: samples pixel-interleaved, one validity byte a pixel or null when all are valid. */
export interface GatheredPixels {
  readonly data: SampleArray;
  readonly valid: Uint8Array<ArrayBuffer> | null;
}

/** What decides which pixels count. */
export interface Validity {
  readonly nodata: number | null;
  readonly alphaBand: number | null;
}

/** Which source column and row each output column and row shows; -1 where it lies outside. Ascending otherwise. */
export interface SourceIndex {
  readonly columns: Int32Array;
  readonly rows: Int32Array;
}

/** Copies the pixels at the crossings of the given columns and rows out of one level. */
export async function gather(
  level: Level,
  index: SourceIndex,
  bands: readonly number[],
  validity: Validity,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<GatheredPixels> {
  const { columns, rows } = index;
  const { layout } = level.pixels;
  const hasOutside = columns.includes(-1) || rows.includes(-1);
  const length = columns.length * rows.length * bands.length;
  // Where every position is filled from the raster, zeroing them first would write everything twice.
  const data = hasOutside ? allocateSamples(layout.dtype, length) : unfilledSamples(layout.dtype, length);
  if (hasOutside && validity.nodata !== null && validity.nodata !== 0) {
    data.fill(validity.nodata);
  }
  const readsAlpha = level.mask === null && validity.alphaBand !== null;
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  const mayHide = hasOutside || readsAlpha || level.mask !== null || validity.nodata !== null || isFloat;
  // Most windows of a mask have data everywhere: validity is only made where the values say otherwise.
  const isBytesAlone =
    !hasOutside &&
    !readsAlpha &&
    level.mask === null &&
    bands.length === 1 &&
    data instanceof Uint8Array &&
    bands[0] !== validity.alphaBand;
  let valid = new Uint8Array(mayHide && !isBytesAlone ? columns.length * rows.length : 0);
  if (!hasOutside && !readsAlpha && level.mask === null) {
    valid.fill(1);
  } else if (!readsAlpha && level.mask === null) {
    markInside(valid, index);
  }

  if (layout.planes === 1) {
    const alpha = readsAlpha ? validity.alphaBand : null;
    const isWhole = !hasOutside && bands.length === layout.bands && bands.every((band, at) => band === at);
    const shared =
      isWhole && isPixelForPixel(index) ? SharedWindow.of(level.pixels.memory.arena, data) : null;
    try {
      await eachUnit(level.pixels, 0, index, options, (unit, area) => {
        if (shared === null) {
          copyBands(unit, area, index, layout.bands, bands, data);
        } else {
          copyWhole(unit, area, index, layout.bands, shared);
        }
        if (alpha !== null) {
          copyValidity(unit, area, index, layout.bands, alpha, valid);
        }
      });
      shared?.copyTo(data);
    } finally {
      shared?.release();
    }
  } else {
    const planes = new Map<number, number[]>();
    bands.forEach((band, position) => planes.set(band, [...(planes.get(band) ?? []), position]));
    for (const [band, positions] of planes) {
      await eachUnit(level.pixels, band, index, options, (unit, area) => {
        for (const position of positions) {
          copyPlane(unit, area, index, bands.length, position, data);
        }
      });
    }
    if (readsAlpha && validity.alphaBand !== null) {
      await eachUnit(level.pixels, validity.alphaBand, index, options, (unit, area) => {
        copyValidity(unit, area, index, 1, 0, valid);
      });
    }
  }
  if (level.mask !== null) {
    const stride = strideOf(level.mask.layout);
    const { maskBand } = level;
    const [plane, band] = stride === 1 ? [maskBand, 0] : [0, maskBand];
    await eachUnit(level.mask, plane, index, options, (unit, area) => {
      copyValidity(unit, area, index, stride, band, valid);
    });
  } else if (isBytesAlone) {
    if (validity.nodata === null || !data.includes(validity.nodata)) {
      return { data, valid: null };
    }
    valid = new Uint8Array(data.length).fill(1);
    hideByte(data, valid, validity.nodata);
    return { data, valid };
  } else if (!readsAlpha) {
    hideNodata(data, valid, bands, validity);
  }
  return { data, valid: valid.includes(0) ? valid : null };
}

/** The part of the output that one unit fills. */
interface OutputArea {
  readonly firstColumn: number;
  readonly endColumn: number;
  readonly firstRow: number;
  readonly endRow: number;
  /** Source position of the unit's first pixel. */
  readonly originX: number;
  readonly originY: number;
  readonly unitWidth: number;
}

async function eachUnit(
  reader: BlockReader,
  plane: number,
  index: SourceIndex,
  options: { readonly signal?: AbortSignal | undefined },
  use: (unit: DecodedUnit, area: OutputArea) => void,
): Promise<void> {
  const granularity = granularityFor(reader, index.rows);
  const grid = reader.grid(granularity);
  const unitRows = spans(index.rows, grid.unitHeight);
  const unitColumns = spans(index.columns, grid.unitWidth);
  const columns = [...unitColumns.keys()];
  if (columns.length === 0 || unitRows.size === 0) {
    return;
  }
  await reader.readUnits(
    { plane, columns: [columns[0] as number, (columns.at(-1) as number) + 1], rows: [...unitRows.keys()] },
    granularity,
    (unit) => {
      const columnSpan = unitColumns.get(unit.column);
      const rowSpan = unitRows.get(unit.row);
      if (columnSpan !== undefined && rowSpan !== undefined) {
        use(unit, {
          firstColumn: columnSpan[0],
          endColumn: columnSpan[1],
          firstRow: rowSpan[0],
          endRow: rowSpan[1],
          originX: unit.column * grid.unitWidth,
          originY: unit.row * grid.unitHeight,
          unitWidth: grid.unitWidth,
        });
      }
    },
    options,
  );
}

/** Single strips pay only where most rows between are skipped. */
function granularityFor(reader: BlockReader, rows: Int32Array): Granularity {
  if (reader.layout.tiled) {
    return "coarse";
  }
  const inside = rows.filter((row) => row >= 0);
  const first = inside[0];
  const last = inside.at(-1);
  if (first === undefined || last === undefined) {
    return "coarse";
  }
  const fine = reader.grid("fine").unitHeight;
  const distinct = new Set<number>();
  for (const row of inside) {
    distinct.add(Math.floor(row / fine));
  }
  return (last - first + 1) / fine >= distinct.size * 4 ? "fine" : "coarse";
}

/** For each unit that is touched, which output positions it fills: first and end. */
function spans(sources: Int32Array, unitSize: number): Map<number, readonly [number, number]> {
  const found = new Map<number, readonly [number, number]>();
  let current = -1;
  let first = 0;
  for (let position = 0; position <= sources.length; position += 1) {
    const source = position < sources.length ? (sources[position] as number) : -1;
    const unit = source < 0 ? -1 : Math.floor(source / unitSize);
    if (unit !== current) {
      if (current >= 0) {
        found.set(current, [first, position]);
      }
      current = unit;
      first = position;
    }
  }
  return found;
}

function isContiguous(columns: Int32Array, first: number, end: number): boolean {
  return (columns[end - 1] as number) - (columns[first] as number) === end - first - 1;
}

function copyBands(
  unit: DecodedUnit,
  area: OutputArea,
  { columns, rows }: SourceIndex,
  stride: number,
  bands: readonly number[],
  data: SampleArray,
): void {
  const { samples } = unit;
  const bandCount = bands.length;
  const outputWidth = columns.length;
  const contiguous = isContiguous(columns, area.firstColumn, area.endColumn);
  const allInOrder = bandCount === stride && bands.every((band, position) => band === position);
  for (let row = area.firstRow; row < area.endRow; row += 1) {
    const sourceRow = ((rows[row] as number) - area.originY) * area.unitWidth;
    let target = (row * outputWidth + area.firstColumn) * bandCount;
    if (contiguous && allInOrder) {
      const from = (sourceRow + (columns[area.firstColumn] as number) - area.originX) * stride;
      data.set(samples.subarray(from, from + (area.endColumn - area.firstColumn) * stride), target);
      continue;
    }
    for (let column = area.firstColumn; column < area.endColumn; column += 1) {
      const from = (sourceRow + (columns[column] as number) - area.originX) * stride;
      for (let position = 0; position < bandCount; position += 1) {
        data[target] = samples[from + (bands[position] as number)] as number;
        target += 1;
      }
    }
  }
}

/** Whether neighbours of the output are neighbours in the source, in both directions. */
function isPixelForPixel({ columns, rows }: SourceIndex): boolean {
  return isContiguous(columns, 0, columns.length) && isContiguous(rows, 0, rows.length);
}

function copyWhole(
  { samples }: DecodedUnit,
  area: OutputArea,
  { columns, rows }: SourceIndex,
  stride: number,
  window: SharedWindow,
): void {
  const row = (rows[area.firstRow] as number) - area.originY;
  const column = (columns[area.firstColumn] as number) - area.originX;
  window.copyFrom({
    samples,
    first: (row * area.unitWidth + column) * stride,
    step: area.unitWidth * stride,
    target: (area.firstRow * columns.length + area.firstColumn) * stride,
    targetStep: columns.length * stride,
    length: (area.endColumn - area.firstColumn) * stride,
    rows: area.endRow - area.firstRow,
  });
}

function copyPlane(
  unit: DecodedUnit,
  area: OutputArea,
  { columns, rows }: SourceIndex,
  bandCount: number,
  position: number,
  data: SampleArray,
): void {
  const { samples } = unit;
  const outputWidth = columns.length;
  const contiguous = bandCount === 1 && isContiguous(columns, area.firstColumn, area.endColumn);
  for (let row = area.firstRow; row < area.endRow; row += 1) {
    const sourceRow = ((rows[row] as number) - area.originY) * area.unitWidth - area.originX;
    let target = (row * outputWidth + area.firstColumn) * bandCount + position;
    if (contiguous) {
      const from = sourceRow + (columns[area.firstColumn] as number);
      data.set(samples.subarray(from, from + area.endColumn - area.firstColumn), target);
      continue;
    }
    for (let column = area.firstColumn; column < area.endColumn; column += 1) {
      data[target] = samples[sourceRow + (columns[column] as number)] as number;
      target += bandCount;
    }
  }
}

function copyValidity(
  unit: DecodedUnit,
  area: OutputArea,
  { columns, rows }: SourceIndex,
  stride: number,
  band: number,
  valid: Uint8Array,
): void {
  const { samples } = unit;
  for (let row = area.firstRow; row < area.endRow; row += 1) {
    const sourceRow = ((rows[row] as number) - area.originY) * area.unitWidth - area.originX;
    const target = row * columns.length;
    for (let column = area.firstColumn; column < area.endColumn; column += 1) {
      valid[target + column] =
        samples[(sourceRow + (columns[column] as number)) * stride + band] === 0 ? 0 : 1;
    }
  }
}

function markInside(valid: Uint8Array, { columns, rows }: SourceIndex): void {
  for (let row = 0; row < rows.length; row += 1) {
    if ((rows[row] as number) < 0) {
      continue;
    }
    for (let column = 0; column < columns.length; column += 1) {
      valid[row * columns.length + column] = (columns[column] as number) < 0 ? 0 : 1;
    }
  }
}

/** Hides nodata of one band of bytes: whole stretches without it are passed over by the runtime's own search. */
function hideByte(data: Uint8Array, valid: Uint8Array, nodata: number): void {
  for (let first = data.indexOf(nodata); first >= 0; first = data.indexOf(nodata, first)) {
    let end = first + 1;
    while (end < data.length && data[end] === nodata) {
      end += 1;
    }
    valid.fill(0, first, end);
    first = end;
  }
}

/** A pixel is nodata when every band asked for says so; NaN always says so in floating-point rasters. */
function hideNodata(
  data: SampleArray,
  valid: Uint8Array,
  bands: readonly number[],
  { nodata, alphaBand }: Validity,
): void {
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  const stored = nodata !== null && data instanceof Float32Array ? Math.fround(nodata) : nodata;
  if (stored === null && !isFloat) {
    return;
  }
  const positions = bands.flatMap((band, position) => (band === alphaBand ? [] : [position]));
  const bandCount = bands.length;
  if (positions.length === 0) {
    return;
  }
  const [only] = positions;
  if (data instanceof Uint8Array && bandCount === 1 && only === 0 && stored !== null) {
    hideByte(data, valid, stored);
    return;
  }
  if (!isFloat && bandCount === 1 && only === 0) {
    for (let pixel = 0; pixel < valid.length; pixel += 1) {
      if (data[pixel] === stored) {
        valid[pixel] = 0;
      }
    }
    return;
  }
  for (let pixel = 0; pixel < valid.length; pixel += 1) {
    let hidden = true;
    for (const position of positions) {
      const value = data[pixel * bandCount + position] as number;
      if (value !== stored && !(isFloat && Number.isNaN(value))) {
        hidden = false;
        break;
      }
    }
    if (hidden) {
      valid[pixel] = 0;
    }
  }
}
