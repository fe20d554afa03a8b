import type { PixelPoint } from "#shared/labels/label-edit.ts";
import type { ToolContext } from "./tool.ts";

/** Paints with the class of a pixel from now on; says so when the pixel has none. */
export async function pickClassAt(
  [x, y]: PixelPoint,
  { labelling, mosaicId }: Pick<ToolContext, "labelling" | "mosaicId">,
): Promise<void> {
  await labelling.attempt(async () => {
    const window = { x: Math.floor(x), y: Math.floor(y), width: 1, height: 1 };
    const [id] = await labelling.pixels.labels(mosaicId, window);
    const found = labelling.classes.find((item) => item.id === id);
    if (found === undefined) {
      labelling.note("There is no label here to take the class from.");
    } else {
      labelling.chooseClass(found.id);
    }
  });
}
