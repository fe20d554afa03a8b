import type { ConnectedArea } from "#shared/labels/connected-area.ts";
import { MOST_AREA_BLOCKS } from "#shared/labels/connected-area.ts";
import { floodBlocks } from "#shared/labels/flood-blocks.ts";
import { encodeRuns } from "#shared/labels/runs.ts";
import type { Project } from "../projects/index.ts";

/**
 * The pixels of the class at a place that are connected with it by sides. Found here and not in the page: what it looks at is dozens of megabytes, the
 * answer a few kilobytes. Null beside the mosaic.
 */
export async function connectedArea(
  project: Project,
  mosaicId: string,
  { column, row }: { readonly column: number; readonly row: number },
  options: { readonly signal: AbortSignal },
): Promise<ConnectedArea | null> {
  const mosaic = project.mosaic(mosaicId);
  if (mosaic.kind !== "ready" || column >= mosaic.image.width || row >= mosaic.image.height) {
    return null;
  }
  const here = { x: column, y: row, width: 1, height: 1 };
  const [id] = await project.readLabels(mosaicId, { pixelWindow: here }, options);
  const region = await floodBlocks(
    mosaic.image,
    [{ x: column, y: row }],
    async (pixelWindow) => {
      const ids = await project.readLabels(mosaicId, { pixelWindow }, options);
      // Not `map`: a call for each of millions of pixels is what one waits for.
      for (let pixel = 0; pixel < ids.length; pixel++) {
        ids[pixel] = ids[pixel] === id ? 1 : 0;
      }
      return ids;
    },
    { mostBlocks: MOST_AREA_BLOCKS, signal: options.signal },
  );
  return region === null
    ? null
    : {
        pixelWindow: region.pixelWindow,
        runs: encodeRuns(region.mask),
        pixels: region.pixels,
        isWhole: region.isWhole,
      };
}
