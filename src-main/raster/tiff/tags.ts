/** TIFF tag numbers that we read or write: TIFF 6.0, its supplements, GeoTIFF 1.1 and GDAL's own. */
export const tag = {
  newSubfileType: 254,
  subfileType: 255,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  t4Options: 292,
  t6Options: 293,
  software: 305,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subIfds: 330,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  yCbCrCoefficients: 529,
  yCbCrSubsampling: 530,
  referenceBlackWhite: 532,
  modelPixelScale: 33550,
  modelTiepoint: 33922,
  modelTransformation: 34264,
  geoKeyDirectory: 34735,
  geoDoubleParams: 34736,
  geoAsciiParams: 34737,
  gdalMetadata: 42112,
  gdalNodata: 42113,
  lercParameters: 50674,
} as const;

/** TIFF compression codes. */
export const compression = {
  none: 1,
  ccittRle: 2,
  ccittFax3: 3,
  ccittFax4: 4,
  lzw: 5,
  oldJpeg: 6,
  jpeg: 7,
  adobeDeflate: 8,
  packBits: 32773,
  deflate: 32946,
  lerc: 34887,
  zstd: 50000,
  webp: 50001,
} as const;

const compressionNames = new Map<number, string>([
  [compression.none, "none"],
  [compression.ccittRle, "ccitt-rle"],
  [compression.ccittFax3, "ccitt-fax3"],
  [compression.ccittFax4, "ccitt-fax4"],
  [compression.lzw, "lzw"],
  [compression.oldJpeg, "old-jpeg"],
  [compression.jpeg, "jpeg"],
  [compression.adobeDeflate, "deflate"],
  [compression.packBits, "packbits"],
  [compression.deflate, "deflate"],
  [compression.lerc, "lerc"],
  [compression.zstd, "zstd"],
  [compression.webp, "webp"],
  [32771, "ccitt-rlew"],
  [32809, "thunderscan"],
  [34676, "sgi-log"],
  [34677, "sgi-log24"],
  [34712, "jpeg2000"],
  [34925, "lzma"],
  [50002, "jpeg-xl"],
  [52546, "jpeg-xl"],
]);

/** A compression's name as it is printed, "code 123" for those without. */
export function compressionName(code: number): string {
  return compressionNames.get(code) ?? `code ${code}`;
}

/** TIFF photometric interpretations. */
export const photometric = {
  minIsWhite: 0,
  minIsBlack: 1,
  rgb: 2,
  palette: 3,
  mask: 4,
  cmyk: 5,
  yCbCr: 6,
} as const;

const photometricNames = new Map<number, string>([
  [0, "min-is-white"],
  [1, "min-is-black"],
  [2, "rgb"],
  [3, "palette"],
  [4, "mask"],
  [5, "cmyk"],
  [6, "ycbcr"],
  [8, "cielab"],
  [9, "icclab"],
  [10, "itulab"],
  [32844, "log-l"],
  [32845, "log-luv"],
]);

/** A photometric interpretation's name as it is printed. */
export function photometricName(code: number): string {
  return photometricNames.get(code) ?? `code ${code}`;
}
