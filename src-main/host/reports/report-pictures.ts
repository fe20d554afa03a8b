import sharp from "sharp";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { Project } from "../projects/index.ts";
import { imageryTile } from "../rasters/index.ts";
import type { ReportPicture } from "./report-document.ts";

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** A window of a mosaic as a JPEG, white where there is no data. */
export async function imagePicture(
  project: Project,
  mosaicId: string,
  pixelWindow: PixelWindow,
  size: PixelSize,
  options: Options,
): Promise<ReportPicture> {
  const { data } = await imageryTile(
    await project.image(mosaicId),
    { pixelWindow, size },
    undefined,
    options,
  );
  const bytes = await sharp(data, { raw: { ...size, channels: 4 } })
    .flatten({ background: "#ffffff" })
    .jpeg({ quality: 82 })
    .toBuffer();
  return { url: `data:image/jpeg;base64,${bytes.toString("base64")}`, ...size };
}

/** Class ids in the classes' colours as a PNG; white for none. */
export async function classPicture(
  ids: Uint8Array,
  size: PixelSize,
  classes: readonly LandClass[],
): Promise<ReportPicture> {
  const colors = new Map(classes.map(({ id, color }) => [id, Number.parseInt(color.slice(1), 16)]));
  const pixels = new Uint8Array(ids.length * 3);
  for (const [pixel, id] of ids.entries()) {
    const color = colors.get(id) ?? 0xffffff;
    pixels[pixel * 3] = color >> 16;
    pixels[pixel * 3 + 1] = (color >> 8) & 0xff;
    pixels[pixel * 3 + 2] = color & 0xff;
  }
  const bytes = await sharp(pixels, { raw: { ...size, channels: 3 } })
    .png({ palette: true })
    .toBuffer();
  return { url: `data:image/png;base64,${bytes.toString("base64")}`, ...size };
}

/** The size of a picture of a mosaic whose longer side is `side`. */
export function overviewSize({ width, height }: PixelSize, side: number): PixelSize {
  const scale = side / Math.max(width, height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
