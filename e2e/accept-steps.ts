import { expect, type Page } from "@playwright/test";
import { keepScreenshot, mapIdle } from "./app.ts";

/** Pixels by label and prediction. */
type Matrix = readonly (readonly number[])[];

interface Accepted {
  /** The mosaic whose labels are to become the prediction. */
  readonly mosaicName: string;
  /** All mosaics that the matrix counts. */
  readonly mosaicNames: readonly string[];
  /** The matrix in Results, which the caller has compared with the files. */
  readonly readMatrix: () => Promise<Matrix>;
  readonly shell: string;
}

/**
 * Accepts one class of the prediction, above a confidence inside an outline and then whatever its confidence in the view, and undoes both. What has become
 * of the labels is told by the matrix of that mosaic alone.
 */
export async function acceptPredictionSteps(
  page: Page,
  { mosaicName, mosaicNames, readMatrix, shell }: Accepted,
): Promise<void> {
  /** Results count when they are gone to: once the step is done. */
  const countAgain = async (): Promise<void> => {
    await expect(page.getByTestId("accept-progress")).toBeHidden();
    await page.getByTestId("mode-results").click();
  };
  const undo = page.getByTestId("label-undo");

  await countAgain();
  const ofAll = sumOf(await readMatrix());
  for (const name of mosaicNames.filter((each) => each !== mosaicName)) {
    await page.getByRole("group", { name: "Mosaics that are counted" }).getByLabel(name).uncheck();
  }
  await expect.poll(async () => sumOf(await readMatrix())).toBe(ofAll / mosaicNames.length);
  const before = await readMatrix();
  const chosen = before.reduce(
    (best, _, index) => (acceptable(before, index) > acceptable(before, best) ? index : best),
    0,
  );
  const acceptableBefore = acceptable(before, chosen);
  expect(acceptableBefore).toBeGreaterThan(0);

  await page.getByTestId("mode-label").click();
  await page.getByTestId(`mosaic-row-${mosaicName}`).dblclick();
  const map = await mapIdle(page);
  await map.press("a");
  await page.getByTestId("accept-class").selectOption({ index: chosen + 1 });

  // Inside an outline, where the network is rather sure: some of what differs, and nothing else.
  await page.getByTestId("accept-confidence").fill("0.4");
  const box = await map.boundingBox();
  if (box === null) {
    throw new Error("the map has no place on the page");
  }
  const at = (across: number, down: number): [number, number] => [
    box.x + box.width * across,
    box.y + box.height * down,
  ];
  await page.mouse.move(...at(0.36, 0.2));
  await page.mouse.down();
  for (const [across, down] of [
    [0.64, 0.2],
    [0.64, 0.8],
    [0.36, 0.8],
  ] as const) {
    await page.mouse.move(...at(across, down), { steps: 4 });
  }
  await page.mouse.up();
  await expect(undo).toHaveAttribute("title", /Undo Accept prediction/);
  await countAgain();
  await expect.poll(async () => acceptable(await readMatrix(), chosen)).toBeLessThan(acceptableBefore);
  const outlined = await readMatrix();
  expect(acceptable(outlined, chosen)).toBeGreaterThan(0);
  expect(othersOf(outlined, chosen)).toEqual(othersOf(before, chosen));

  // All of the view, however sure: every pixel predicted as the class is labelled as it, all others are as they were.
  await page.getByTestId("mode-label").click();
  // The map had another size meanwhile.
  await page.getByTestId(`mosaic-row-${mosaicName}`).dblclick();
  await page.waitForTimeout(400);
  await mapIdle(page);
  await page.getByTestId("accept-confidence").fill("0");
  await page.getByTestId("accept-view").click();
  // It says which run it took, and from which mosaics; others in view are taken too.
  const run = ((await page.getByTestId("accept-run").textContent()) ?? "").replaceAll(
    /^of | \(hidden\)$/g,
    "",
  );
  await expect(page.getByText(new RegExp(`^Accepted .* of ${run} in .*${mosaicName}`))).toBeVisible();
  const expected = before.map((row, label) =>
    row.map((count, prediction) =>
      prediction !== chosen ? count : label === chosen ? count + acceptableBefore : 0,
    ),
  );
  await countAgain();
  await expect.poll(readMatrix).toEqual(expected);
  await page.getByTestId("mode-label").click();
  await mapIdle(page);
  await keepScreenshot(page, shell, "10-accepted");

  // Step by step back to the labels there were.
  await undo.click();
  await expect(page.getByTestId("label-redo")).toBeEnabled();
  await expect(async () => {
    if (await undo.isEnabled()) {
      await undo.click();
    }
    await expect(undo).toBeDisabled({ timeout: 500 });
  }).toPass({ timeout: 20_000 });
  await countAgain();
  await expect.poll(readMatrix).toEqual(before);
}

function sumOf(matrix: Matrix): number {
  return matrix.flat().reduce((sum, count) => sum + count, 0);
}

/** Pixels that are predicted as a class and labelled as another. */
function acceptable(matrix: Matrix, index: number): number {
  return matrix.reduce((sum, row, label) => sum + (label === index ? 0 : (row[index] ?? 0)), 0);
}

/** The columns of all predictions but one. */
function othersOf(matrix: Matrix, index: number): number[][] {
  return matrix.map((row) => row.filter((_, prediction) => prediction !== index));
}
