import sharp from "sharp";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import { BlockReader } from "../blocks/block-reader.ts";
import type { ByteSource } from "../byte-source.ts";
import { blockEnvironment } from "../environment.ts";
import { LeveledRaster } from "../leveled-raster.ts";
import type { Raster } from "../raster.ts";
import { RasterError } from "../raster-error.ts";
import { noGeoTags } from "../tiff/geo-tags.ts";
import type { TiffLayout } from "../tiff/layout.ts";
import { compression, photometric } from "../tiff/tags.ts";
import { DecodedSource, type DecodedPixels } from "./decoded-source.ts";
import { beginJpeg } from "./jpeg-pixels.ts";
import { PixelsInRows } from "./pixels-in-rows.ts";
import { pngChannels, readPngHeader } from "./png.ts";
import { pngPixels } from "./png-pixels.ts";
import { readPrjBeside, readWorldFileBeside } from "./sidecars.ts";

/** Decoded, in a temporary file. */
const maxDecodedBytes = 2 ** 30;
/** Decoded, of images whose rows come all at once: interlaced PNG are held in memory, progressive JPEG as twice as much in coefficients. */
const maxBytesAtOnce = { PNG: 48 * 2 ** 20, JPEG: 64 * 2 ** 20 };
/** Of pixels across and down; libpng's limit too. */
const maxPngSide = 1_000_000;
const headerBytes = 64 * 2 ** 10;

interface ImageFacts {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bitDepth: number;
  readonly colorTable: Record<string, string> | null;
  readonly alphaBand: number | null;
  /** What its rows come all at once by, null when they come one after the other. */
  readonly atOnce: "interlaced" | "progressive" | null;
  readonly begin: () => Promise<DecodedPixels>;
}

let opened = 0;

/** Opens a PNG or JPEG as a raster: in pixel coordinates unless a world file stands beside it. */
export async function openImage(source: ByteSource, format: "PNG" | "JPEG"): Promise<Raster> {
  const facts = format === "PNG" ? await pngFacts(source) : await jpegFacts(source);
  const { width, height, channels } = facts;
  const sampleBytes = facts.bitDepth === 16 ? 2 : 1;
  const byteLength = width * height * channels * sampleBytes;
  const limitBytes = facts.atOnce === null ? maxDecodedBytes : maxBytesAtOnce[format];
  if (byteLength === 0) {
    throw new RasterError(
      "damaged",
      source.filePath,
      `expected a width and height, found ${width} × ${height} pixels`,
    );
  }
  if (byteLength > limitBytes) {
    const kind = facts.atOnce === null ? format : `${facts.atOnce} ${format}`;
    throw new RasterError(
      "unsupported",
      source.filePath,
      `unsupported: its ${width} × ${height} pixels are ${megabytes(byteLength)} MB once decoded, and of ${kind} images at most ${megabytes(limitBytes)} MB ` +
        `are read; saved as a tiled GeoTIFF it can be opened`,
    );
  }
  const decoded = new DecodedSource(source, byteLength, facts.begin);
  const layout = layoutOfDecoded(facts, byteLength);
  opened += 1;
  const keyPrefix = `image${opened}:`;
  const reader = new BlockReader(decoded, layout, blockEnvironment, keyPrefix, 0);
  const geotransform = await readWorldFileBeside(source.filePath);
  const crs = geotransform === null ? null : await readPrjBeside(source.filePath);
  const warnings =
    geotransform === null
      ? []
      : crs === null
        ? ["it has a world file but states no coordinate system"]
        : crs.kind === "unknown"
          ? [`its coordinate system can't be used: ${crs.reason}; shown in its own coordinates`]
          : [];
  const description: RasterDescription = {
    format,
    width,
    height,
    bands: channels,
    dtype: layout.dtype,
    bitsPerSample: facts.bitDepth,
    crs: crs ?? { kind: "none" },
    geotransform,
    nodata: null,
    blockSize: [width, 1],
    compression: format.toLowerCase(),
    interleave: channels === 1 ? "band" : "pixel",
    photometric: facts.colorTable !== null ? "palette" : channels >= 3 ? "rgb" : "min-is-black",
    overviews: [],
    colorTable: facts.colorTable,
    bandNames: new Array<string>(channels).fill(""),
    categoryNames: null,
    alphaBand: facts.alphaBand,
    hasMaskBand: false,
    warnings,
  };
  return new LeveledRaster({
    source: decoded,
    sidecars: [],
    keyPrefix,
    description,
    geoTags: noGeoTags,
    metadata: {},
    levels: [{ width, height, pixels: reader, mask: null, maskBand: 0 }],
    validity: { nodata: null, alphaBand: facts.alphaBand },
  });
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

async function pngFacts(source: ByteSource): Promise<ImageFacts> {
  const header = readPngHeader(await source.read(0, Math.min(headerBytes, source.size)));
  const { width, height } = header;
  if (Math.max(width, height) > maxPngSide) {
    throw new RasterError(
      "unsupported",
      source.filePath,
      `unsupported: a PNG of ${width} × ${height} pixels, at most ${maxPngSide} across and down are read`,
    );
  }
  const channels = pngChannels(header.colorType);
  const byteLength = width * height * channels * (header.bitDepth === 16 ? 2 : 1);
  return {
    width,
    height,
    channels,
    bitDepth: header.bitDepth,
    colorTable: header.palette,
    alphaBand: header.colorType === 4 || header.colorType === 6 ? channels - 1 : null,
    atOnce: header.interlaced ? "interlaced" : null,
    begin: () => PixelsInRows.begin(byteLength, pngPixels(source, header)),
  };
}

async function jpegFacts(source: ByteSource): Promise<ImageFacts> {
  const metadata = await sharp(source.filePath, { limitInputPixels: false }).metadata();
  const { width, height } = metadata;
  const channels = metadata.channels === 1 ? 1 : 3;
  return {
    width,
    height,
    channels,
    bitDepth: 8,
    colorTable: null,
    alphaBand: null,
    atOnce: metadata.isProgressive ? "progressive" : null,
    begin: () => beginJpeg(source.filePath, { width, height, channels }),
  };
}

/** Decoded pixels are one uncompressed strip as far as the block reader is concerned. */
function layoutOfDecoded(facts: ImageFacts, byteLength: number): TiffLayout {
  const wide = facts.bitDepth === 16;
  return {
    width: facts.width,
    height: facts.height,
    bands: facts.channels,
    dtype: wide ? "uint16" : "uint8",
    bitsPerSample: wide ? 16 : 8,
    sampleFormat: 1,
    // PNG stores the high byte first.
    littleEndian: false,
    tiled: false,
    blockWidth: facts.width,
    blockHeight: facts.height,
    blocksAcross: 1,
    blocksDown: 1,
    planes: 1,
    compression: compression.none,
    predictor: 1,
    fillOrder: 1,
    photometric: facts.channels >= 3 ? photometric.rgb : photometric.minIsBlack,
    extraSamples: [],
    blockOffsets: Float64Array.of(0),
    blockLengths: Float64Array.of(byteLength),
    jpegTables: null,
    lercParameters: null,
    yCbCrSubsampling: [1, 1],
    t4Options: 0,
  };
}
