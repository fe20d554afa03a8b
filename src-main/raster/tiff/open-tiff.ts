import type { Geotransform } from "#shared/geo/affine.ts";
import type { Crs } from "#shared/geo/crs.ts";
import type { RasterDescription } from "#shared/geo/raster-description.ts";
import type { ByteSource } from "../byte-source.ts";
import { crsFromGeoKeys } from "../crs/from-geo-keys.ts";
import { blockEnvironment } from "../environment.ts";
import type { Raster } from "../raster.ts";
import { readPrjBeside, readWorldFileBeside } from "../image/sidecars.ts";
import { LeveledRaster } from "../leveled-raster.ts";
import { colorTableFromMap, impliedColorTable } from "./color-table.ts";
import { readTiffDataset, type TiffDataset } from "./dataset.ts";
import { openSidecarLevels } from "./external-levels.ts";
import { geotransformFromTags, parseGeoKeys, readGeoTags } from "./geo-tags.ts";
import { parseGdalMetadata, type MetadataItem } from "./metadata.ts";
import { isCmyk } from "./layout.ts";
import { compressionName, photometricName, tag } from "./tags.ts";
import { categoryNamesFrom } from "./category-names.ts";

let opened = 0;

/** Opens a TIFF or GeoTIFF; the raster owns the source from then on. */
export async function openTiff(source: ByteSource): Promise<Raster> {
  opened += 1;
  const keyPrefix = `${opened}:`;
  const dataset = await readTiffDataset(source, blockEnvironment, keyPrefix);
  const { directory, layout } = dataset;
  const geoTags = await readGeoTags(directory);
  const keys = parseGeoKeys(geoTags);
  const geotransform = geotransformFromTags(geoTags, keys) ?? (await readWorldFileBeside(source.filePath));
  const stated = crsFromGeoKeys(keys);
  const crs =
    stated.kind === "none" && geotransform !== null
      ? ((await readPrjBeside(source.filePath)) ?? stated)
      : stated;
  const metadataXml = await directory.text(tag.gdalMetadata);
  const metadata = metadataXml === null ? [] : parseGdalMetadata(metadataXml);
  const sidecars = await openSidecarLevels(source, dataset, blockEnvironment, keyPrefix);
  const levels = sidecars.levels;
  // Some writers leave the palette behind an image that they call grey; GDAL shows it, and so do we.
  const colorMap = layout.bands === 1 ? await directory.numbers(tag.colorMap) : null;
  const [full] = levels;
  const alphaBand = isCmyk(layout) ? 3 : alphaBandOf(layout.bands, layout.extraSamples);
  const description: RasterDescription = {
    format: "GeoTIFF",
    width: layout.width,
    height: layout.height,
    bands: layout.bands,
    dtype: layout.dtype,
    bitsPerSample: layout.bitsPerSample,
    crs,
    geotransform,
    nodata: dataset.nodata,
    blockSize: [layout.blockWidth, layout.blockHeight],
    compression: compressionName(layout.compression),
    interleave: layout.planes > 1 || layout.bands === 1 ? "band" : "pixel",
    photometric: photometricName(layout.photometric),
    overviews: levels.slice(1).map((level) => Math.round(layout.width / level.width)),
    colorTable:
      colorMap === null
        ? impliedColorTable(layout.photometric, layout.bitsPerSample)
        : colorTableFromMap(colorMap),
    bandNames: bandNames(layout.bands, metadata),
    categoryNames: categoryNamesFrom(metadata),
    alphaBand,
    hasMaskBand: full?.mask !== null,
    warnings: [...dataset.warnings, ...sidecars.warnings, ...georeferencingWarnings(crs, geotransform)],
  };
  const plainMetadata = Object.fromEntries(
    metadata.filter((item) => item.band === null && item.role === "").map((item) => [item.name, item.value]),
  );
  return new LeveledRaster({
    source,
    sidecars: sidecars.sources,
    keyPrefix,
    description,
    geoTags,
    metadata: plainMetadata,
    levels,
    validity: { nodata: dataset.nodata, alphaBand },
  });
}

/** ExtraSamples 1 and 2 are opacity, premultiplied or not. */
function alphaBandOf(bands: number, extraSamples: TiffDataset["layout"]["extraSamples"]): number | null {
  const place = extraSamples.findIndex((kind) => kind === 1 || kind === 2);
  return place < 0 || bands === 1 ? null : bands - extraSamples.length + place;
}

function bandNames(bands: number, metadata: readonly MetadataItem[]): string[] {
  const names = new Array<string>(bands).fill("");
  for (const item of metadata) {
    if (item.role === "description" && item.band !== null && item.band < bands) {
      names[item.band] = item.value;
    }
  }
  return names;
}

function georeferencingWarnings(crs: Crs, geotransform: Geotransform | null): string[] {
  if (geotransform === null) {
    return crs.kind === "none"
      ? []
      : ["it states a coordinate system but not where its pixels lie; shown in pixel coordinates"];
  }
  switch (crs.kind) {
    case "none":
      return ["it has map coordinates but states no coordinate system"];
    case "unknown":
      return [`its coordinate system can't be used: ${crs.reason}; shown in its own coordinates`];
    case "epsg":
    case "custom":
      return [];
  }
}
