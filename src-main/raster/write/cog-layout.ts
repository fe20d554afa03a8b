import { dtypeBytes } from "../typed-pixels.ts";
import { categoryNamesItem } from "../tiff/category-names.ts";
import { colorMapFromTable } from "../tiff/color-table.ts";
import { formatGdalMetadata, type MetadataItem } from "../tiff/metadata.ts";
import { compression, photometric, tag } from "../tiff/tags.ts";
import type { GeoTiffOptions } from "./geotiff-options.ts";
import { directoryBytes, encodeDirectory, encodeHeader, type TagToWrite } from "./tiff-encoding.ts";

/** One resolution with the compressed length of each of its tiles, row by row. */
export interface TileLevel {
  readonly width: number;
  readonly height: number;
  readonly lengths: Float64Array;
}

/** Bytes that stand around each tile: its length before, its last four bytes again behind. */
const leaderBytes = 4;
const trailerBytes = 4;

/*
 * GDAL's hidden area behind the header (https://gdal.org/drivers/raster/cog.html): lets readers fetch a tile without looking at the length
 * tags. The trailing blank is where an editor that breaks the order writes "YES".
 */
const structure = [
  "LAYOUT=IFDS_BEFORE_DATA",
  "BLOCK_ORDER=ROW_MAJOR",
  "BLOCK_LEADER=SIZE_AS_UINT4",
  "BLOCK_TRAILER=LAST_4_BYTES_REPEATED",
  "KNOWN_INCOMPATIBLE_EDITION=NO",
  " ",
].join("\n");
const hiddenArea = `GDAL_STRUCTURAL_METADATA_SIZE=${String(structure.length).padStart(6, "0")} bytes\n${structure}`;

/** Everything of a COG that stands before its tiles: header and directories, with the places where the tiles will be. */
export interface CogLayout {
  readonly head: Uint8Array;
  readonly bigTiff: boolean;
}

/** Lays out a COG: directories fine to coarse, then tiles coarse to fine. */
export function cogLayout(
  options: GeoTiffOptions,
  tileSize: number,
  levels: readonly TileLevel[],
): CogLayout {
  const dataBytes = levels.reduce(
    (sum, level) =>
      sum + level.lengths.reduce((bytes, length) => bytes + length + leaderBytes + trailerBytes, 0),
    0,
  );
  const classic = tagsOf(options, tileSize, levels, false);
  const fits = options.bigTiff !== "always" && headBytes(classic, false) + dataBytes < 2 ** 32 - 1;
  const bigTiff = !fits;
  const all = fits ? classic : tagsOf(options, tileSize, levels, true);
  const head = new Uint8Array(headBytes(all, bigTiff));
  const firstDirectory = directoryStart(bigTiff);
  head.set(encodeHeader(bigTiff, firstDirectory), 0);
  head.set(Buffer.from(hiddenArea, "latin1"), bigTiff ? 16 : 8);

  const offsets = tileOffsets(levels, head.length);
  let at = firstDirectory;
  all.forEach((tags, index) => {
    const placed = tags.map((written) =>
      written.number === tag.tileOffsets
        ? { ...written, values: offsets[index] ?? new Float64Array(0) }
        : written,
    ) as TagToWrite[];
    const end = at + directoryBytes(tags, bigTiff);
    head.set(encodeDirectory(placed, bigTiff, at, index + 1 < all.length ? end : 0), at);
    at = end;
  });
  return { head, bigTiff };
}

function directoryStart(bigTiff: boolean): number {
  const end = (bigTiff ? 16 : 8) + hiddenArea.length;
  return end + (end & 1);
}

function headBytes(levels: readonly (readonly TagToWrite[])[], bigTiff: boolean): number {
  return levels.reduce((sum, tags) => sum + directoryBytes(tags, bigTiff), directoryStart(bigTiff));
}

/** Where each tile begins, the coarsest level first in the file. */
function tileOffsets(levels: readonly TileLevel[], start: number): Float64Array[] {
  const offsets = levels.map((level) => new Float64Array(level.lengths.length));
  let position = start;
  for (let level = levels.length - 1; level >= 0; level -= 1) {
    const lengths = levels[level]?.lengths ?? new Float64Array(0);
    const own = offsets[level] ?? new Float64Array(0);
    for (let index = 0; index < lengths.length; index += 1) {
      own[index] = position + leaderBytes;
      position += leaderBytes + (lengths[index] ?? 0) + trailerBytes;
    }
  }
  return offsets;
}

function tagsOf(
  options: GeoTiffOptions,
  tileSize: number,
  levels: readonly TileLevel[],
  bigTiff: boolean,
): TagToWrite[][] {
  return levels.map((level, index) => {
    const tags = imageTags(options, tileSize, level, index > 0, bigTiff);
    return index === 0 ? [...tags, ...geoTagsToWrite(options), ...descriptiveTags(options)] : tags;
  });
}

function imageTags(
  options: GeoTiffOptions,
  tileSize: number,
  level: TileLevel,
  reduced: boolean,
  bigTiff: boolean,
): TagToWrite[] {
  const { bands, dtype } = options;
  const isColour = bands >= 3 && (dtype === "uint8" || dtype === "uint16");
  const colorTable = options.colorTable ?? null;
  const nodata = options.nodata ?? null;
  const format = dtype.startsWith("float") ? 3 : dtype.startsWith("int") ? 2 : 1;
  const extra = bands - (isColour ? 3 : 1);
  const repeated = (value: number): number[] => new Array<number>(bands).fill(value);
  const tags: TagToWrite[] = [
    { number: tag.newSubfileType, kind: "long", values: [reduced ? 1 : 0] },
    { number: tag.imageWidth, kind: "long", values: [level.width] },
    { number: tag.imageLength, kind: "long", values: [level.height] },
    { number: tag.bitsPerSample, kind: "short", values: repeated(dtypeBytes(dtype) * 8) },
    {
      number: tag.compression,
      kind: "short",
      values: [options.compression === "none" ? compression.none : compression.adobeDeflate],
    },
    {
      number: tag.photometric,
      kind: "short",
      values: [
        colorTable !== null ? photometric.palette : isColour ? photometric.rgb : photometric.minIsBlack,
      ],
    },
    { number: tag.samplesPerPixel, kind: "short", values: [bands] },
    { number: tag.planarConfiguration, kind: "short", values: [1] },
    { number: tag.tileWidth, kind: "long", values: [tileSize] },
    { number: tag.tileLength, kind: "long", values: [tileSize] },
    { number: tag.tileOffsets, kind: "offset", values: new Float64Array(level.lengths.length) },
    { number: tag.tileByteCounts, kind: bigTiff ? "offset" : "long", values: level.lengths },
    { number: tag.sampleFormat, kind: "short", values: repeated(format) },
  ];
  if (options.predictor === "horizontal") {
    tags.push({ number: tag.predictor, kind: "short", values: [2] });
  }
  if (extra > 0) {
    const kinds = new Array<number>(extra).fill(0);
    if (options.alphaBand === bands - 1) {
      kinds[extra - 1] = 2;
    }
    tags.push({ number: tag.extraSamples, kind: "short", values: kinds });
  }
  if (colorTable !== null) {
    tags.push({ number: tag.colorMap, kind: "short", values: colorMapFromTable(colorTable) });
  }
  if (nodata !== null) {
    tags.push({ number: tag.gdalNodata, kind: "ascii", text: nodataText(nodata) });
  }
  return tags;
}

function nodataText(nodata: number): string {
  return Number.isNaN(nodata)
    ? "nan"
    : Number.isFinite(nodata)
      ? String(nodata)
      : nodata > 0
        ? "inf"
        : "-inf";
}

function geoTagsToWrite({ geoTags }: GeoTiffOptions): TagToWrite[] {
  const doubles: readonly (readonly [number, Float64Array | null])[] = [
    [tag.modelPixelScale, geoTags.modelPixelScale],
    [tag.modelTiepoint, geoTags.modelTiepoint],
    [tag.modelTransformation, geoTags.modelTransformation],
    [tag.geoDoubleParams, geoTags.geoDoubleParams],
  ];
  const tags = doubles.flatMap(([number, values]): TagToWrite[] =>
    values === null ? [] : [{ number, kind: "double", values }],
  );
  if (geoTags.geoKeyDirectory !== null) {
    tags.push({ number: tag.geoKeyDirectory, kind: "short", values: geoTags.geoKeyDirectory });
  }
  if (geoTags.geoAsciiParams !== null) {
    tags.push({ number: tag.geoAsciiParams, kind: "ascii", text: geoTags.geoAsciiParams });
  }
  return tags;
}

function descriptiveTags(options: GeoTiffOptions): TagToWrite[] {
  const items: MetadataItem[] = Object.entries(options.metadata ?? {}).map(([name, value]) => ({
    name,
    value,
    band: null,
    role: "",
  }));
  const categoryNames = options.categoryNames ?? null;
  if (categoryNames !== null) {
    items.push({
      name: categoryNamesItem,
      value: JSON.stringify(categoryNames),
      band: null,
      role: "",
    });
  }
  options.bandNames?.forEach((name, band) => {
    if (name !== "") {
      items.push({ name: "DESCRIPTION", value: name, band, role: "description" });
    }
  });
  const tags: TagToWrite[] = [{ number: tag.software, kind: "ascii", text: "Orthomask" }];
  if (items.length > 0) {
    tags.push({ number: tag.gdalMetadata, kind: "ascii", text: formatGdalMetadata(items) });
  }
  return tags;
}
