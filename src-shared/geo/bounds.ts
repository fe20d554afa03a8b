import { pixelToMap, type Geotransform, type PixelPosition } from "./affine.ts";

/** A rectangle in map units: OpenLayers' order. */
export type MapExtent = readonly [minX: number, minY: number, maxX: number, maxY: number];

/** The smallest map rectangle around a raster, which for a rotated one is larger than the raster. */
export function rasterExtent(
  geotransform: Geotransform,
  size: { readonly width: number; readonly height: number },
): MapExtent {
  const corners: readonly PixelPosition[] = [
    [0, 0],
    [size.width, 0],
    [0, size.height],
    [size.width, size.height],
  ];
  const positions = corners.map((corner) => pixelToMap(geotransform, corner));
  const xs = positions.map(([x]) => x);
  const ys = positions.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Whether two rectangles share an area; touching edges don't count. */
export function extentsOverlap(first: MapExtent, second: MapExtent): boolean {
  return first[0] < second[2] && second[0] < first[2] && first[1] < second[3] && second[1] < first[3];
}

/** The smallest rectangle around both. */
export function extentUnion(first: MapExtent, second: MapExtent): MapExtent {
  return [
    Math.min(first[0], second[0]),
    Math.min(first[1], second[1]),
    Math.max(first[2], second[2]),
    Math.max(first[3], second[3]),
  ];
}
