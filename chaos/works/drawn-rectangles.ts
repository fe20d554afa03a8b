import type { Page } from "@playwright/test";
import type { SeededRandom } from "#shared/training/seeded-random.ts";

/** Of the map, away from what lies over its edges. */
const shares = { from: 0.25, to: 0.75 } as const;

/** Brings a page to where rectangles are drawn with the mouse on its first mosaic. */
export async function takeRectangles(page: Page): Promise<void> {
  await page.getByTestId("mode-label").click();
  await page.getByTestId("mosaic-row-sample-1").dblclick();
  await page.locator('[data-testid="map"][data-idle="true"]').waitFor();
  await page.getByTestId("map").press("r");
}

/** Draws a rectangle of the class at `index` somewhere, up to where letting the button go paints it. */
export async function spanRectangle(page: Page, random: SeededRandom, index: number): Promise<void> {
  const box = await page.getByTestId("map").boundingBox();
  if (box === null) {
    throw new Error("The map has no place on the page.");
  }
  const somewhere = (): [number, number] => [
    box.x + box.width * (shares.from + random.next() * (shares.to - shares.from)),
    box.y + box.height * (shares.from + random.next() * (shares.to - shares.from)),
  ];
  await page.getByTestId("paint-class").selectOption({ index });
  await page.mouse.move(...somewhere());
  await page.mouse.down();
  await page.mouse.move(...somewhere(), { steps: 4 });
}

/** Whether labels of `side` pixels a row became others by one rectangle of one class (`id`, where it is known) or not at all. */
export function differByRectangle(
  before: Uint8Array,
  found: Uint8Array,
  { side, id }: { readonly side: number; readonly id: number | null },
): boolean {
  const changed = [...found.keys()].filter((index) => found[index] !== before[index]);
  const [first] = changed;
  if (first === undefined) {
    return true;
  }
  const painted = id ?? found[first];
  const columns = changed.map((index) => index % side);
  const rows = changed.map((index) => Math.floor(index / side));
  const [left, right] = [Math.min(...columns), Math.max(...columns)];
  const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
  // What had that class already hasn't changed, and has it all the same.
  return [...found.keys()].every((index) => {
    const [column, row] = [index % side, Math.floor(index / side)];
    return column < left || column > right || row < top || row > bottom || found[index] === painted;
  });
}
