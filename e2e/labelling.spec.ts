import { expect, type Page } from "@playwright/test";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { promisify } from "node:util";
import { z } from "zod";
import { exported } from "./export-steps.ts";
import {
  keepScreenshot,
  labelsShown,
  mapIdle,
  mapPixels,
  orthomask,
  rootDirectory,
  test,
  type RunningApp,
} from "./app.ts";

let folder: string;

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-labelling-"));
  await orthomask("sample", folder);
});

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Share = readonly [across: number, down: number];

test("a labelling session: each tool, back and forth, a kill, and the file GDAL reads", async ({ startApp }, {
  project,
}) => {
  test.setTimeout(240_000);
  const app = await startApp(folder);
  const { page } = app;
  await page.getByTestId("mosaic-row-sample-1").dblclick({ timeout: 30_000 });
  const map = await mapIdle(page);
  // So near that each pixel that is painted can be seen.
  for (let step = 0; step < 3; step += 1) {
    await map.press("+");
    await page.waitForTimeout(400);
  }
  await labelsShown(page, true);
  const shot = (step: string): Promise<void> => keepScreenshot(page, project.name, `labelling-${step}`);
  const start = await quietPixels(page);
  await shot("start");

  await take(page, "B");
  await page.getByTestId("paint-class").selectOption({ index: 3 });
  await sizeStep(page);
  await drag(page, [0.2, 0.3], [0.35, 0.35], [0.45, 0.3]);
  await stored(page, "Brush");
  await shot("brush");

  await take(page, "E");
  // A stroke that goes on looks as it will, but for smoothed edges: the eraser shows the imagery, and what may not be painted over stays.
  expect(await changedByLettingGo(page, "Eraser", [0.3, 0.25], [0.32, 0.45])).toBeLessThan(MOST_EDGE_BYTES);
  await shot("eraser");
  await take(page, "B");
  await page.getByTestId("only-unlabelled").check();
  expect(await changedByLettingGo(page, "Brush", [0.25, 0.38], [0.45, 0.38])).toBeLessThan(MOST_EDGE_BYTES);
  await page.getByTestId("only-unlabelled").uncheck();

  await take(page, "P");
  await page.getByTestId("paint-class").selectOption({ index: 1 });
  await clicks(page, [0.55, 0.2], [0.8, 0.22], [0.78, 0.5], [0.56, 0.48]);
  await map.press("Shift+Enter");
  await clicks(page, [0.62, 0.28], [0.72, 0.28], [0.7, 0.4]);
  await shot("polygon-with-hole");
  // What the palette is asked, the polygon doesn't hear; a step before it isn't taken back, but a corner is.
  await map.press("Control+k");
  await page.keyboard.type("zoo");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Escape");
  await clicks(page, [0.64, 0.4]);
  await map.press("Control+z");
  await stored(page, "Brush");
  await map.press("Enter");
  await stored(page, "Polygon");

  await take(page, "B");
  await penStep(page);
  await shot("pen");

  await take(page, "R");
  await page.getByTestId("paint-class").selectOption({ index: 4 });
  await drag(page, [0.2, 0.55], [0.4, 0.75]);
  await stored(page, "Rectangle");
  await shot("rectangle");

  await take(page, "L");
  const [lassoed = ""] = await page.getByTestId("paint-class").selectOption({ index: 2 });
  await drag(page, [0.5, 0.6], [0.6, 0.55], [0.68, 0.65], [0.6, 0.75], [0.5, 0.7]);
  await stored(page, "Lasso");
  await shot("lasso");

  // The rectangle is one area of one class: the bucket gives it another.
  await take(page, "K");
  await page.getByTestId("paint-class").selectOption({ index: 0 });
  await clicks(page, [0.3, 0.65]);
  await stored(page, "Fill");
  await shot("fill");

  const steps = (await segmentStep(page, shot)) ? 11 : 10;

  await take(page, "W");
  await page.getByTestId("paint-class").selectOption({ index: 3 });
  // So little that it stays away from the lasso's area.
  await page.getByTestId("tolerance").fill("6");
  const pixels = page.getByTestId("selection-pixels");
  // Escape is heard before the colours have come.
  await clicks(page, [0.75, 0.72]);
  await map.press("Escape");
  await page.waitForTimeout(300);
  await expect(pixels).toBeHidden();
  await clicks(page, [0.75, 0.72]);
  await expect(pixels).toBeVisible();
  const before = Number(await pixels.getAttribute("data-pixels"));
  await page.getByTestId("selection-grow").click();
  expect(Number(await pixels.getAttribute("data-pixels"))).toBeGreaterThan(before);
  await shot("wand");
  await page.getByTestId("selection-paint").click();
  await stored(page, "Wand");

  await take(page, "U");
  await expect(page.getByTestId("region-overlay")).toBeVisible({ timeout: 30_000 });
  await drag(page, [0.3, 0.85], [0.5, 0.87]);
  await stored(page, "Superpixels");
  await shot("superpixels");

  await take(page, "A");
  await drag(page, [0.4, 0.4], [0.5, 0.4], [0.5, 0.5]);
  await expect(page.getByText("Nothing is predicted yet").first()).toBeVisible();

  // The class under the pointer is taken up: here that of the lasso.
  await take(page, "B");
  await page.mouse.move(...(await at(page, [0.6, 0.65])));
  await expect(async () => {
    // On a busy machine a key can be faster than the pointer.
    await map.press("i");
    await expect(page.getByTestId("paint-class")).toHaveValue(lassoed, { timeout: 1000 });
  }).toPass();

  const painted = await quietPixels(page);
  expect(Buffer.compare(painted.data, start.data)).not.toBe(0);
  expect(await moveAll(page, "undo")).toBe(steps);
  await quietPixels(page);
  await shot("undone");
  expect(differences(await quietPixels(page), start)).toBe(0);
  expect(await moveAll(page, "redo")).toBe(steps);
  expect(differences(await quietPixels(page), painted)).toBe(0);

  // A cell that is done.
  await expect(page.getByTestId("label-progress-all")).toHaveText(">99.9 %", { timeout: 20_000 });
  await page.getByTestId("map").press("d");
  await expect(page.getByTestId("cell-counts")).toContainText(/Done\s*1/);
  await shot("review");
  await page.getByTestId("map").press("x");
  await expect(page.getByTestId("review-grid")).toBeHidden();

  await dropStep(app);

  // Nothing is lost by a crash, and what was painted can still be undone.
  if (app.kill === null) {
    await app.close();
  } else {
    await page.waitForTimeout(1500);
    await app.kill();
    await app.close();
  }
  const again = (await startApp(folder)).page;
  await expect(again.getByTestId("mosaic-row-sample-1")).toBeVisible({ timeout: 30_000 });
  expect(differences(await quietPixels(again), painted)).toBe(0);
  await again.getByTestId("map").press("Control+z");
  await expect(again.getByTestId("label-undo")).toHaveAttribute("title", /Undo Wand/);
  await again.getByTestId("map").press("Control+Shift+z");
  await stored(again, "Superpixels");

  await expect(again.getByTestId("cell-counts")).toContainText(/Done\s*1/);

  await again.getByTestId("mode-export").click();
  await expect(again.getByTestId("export-files")).toContainText("sample-1.tif", { timeout: 30_000 });
  await compareWithGdal(again, await exported(again, "sample-1.tif"));

  // The map goes to the cell that the eraser has left pixels in.
  await again.getByTestId("mode-label").click();
  const scale = (await again.getByTestId("status-scale").textContent()) ?? "";
  await again.getByTestId("next-unlabelled").click();
  await expect(again.getByTestId("status-scale")).not.toHaveText(scale);
  await expect(again.getByTestId("cell-state").locator("input:checked")).toHaveValue("to-do");
});

/** Polygons dropped on the desktop app's window are taken; in a browser it is said how they come in. */
async function dropStep({ page, electron, dataDirectory }: RunningApp): Promise<void> {
  if (electron === null) {
    await dropFile(page, "fields.geojson");
    await expect(page.getByText("choose it to import its polygons")).toBeVisible();
    return;
  }
  const file = path.join(dataDirectory, "fields.geojson");
  const ring = [0, 1].flatMap((x) => [0, 1].map((y) => [x, x === 0 ? y : 1 - y])).concat([[0, 0]]);
  await writeFile(
    file,
    JSON.stringify({
      type: "FeatureCollection",
      features: [
        {
          type: "Feature",
          properties: { kind: "field" },
          geometry: { type: "Polygon", coordinates: [ring] },
        },
      ],
    }),
  );
  // A drag by the browser itself, as the system's would be: a script's has no path.
  const session = await page.context().newCDPSession(page);
  const drag = { x: 300, y: 300, data: { items: [], files: [file], dragOperationsMask: 1 } };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, ...drag });
  }
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("fields.geojson");
  await expect(dialog.getByText("kind").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
}

/** Drops a file on the window, which must not leave the page for it. */
async function dropFile(page: Page, name: string): Promise<void> {
  const isTaken = await page.evaluate((fileName) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["{}"], fileName));
    return ["dragover", "drop"].every(
      (type) =>
        !document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })),
    );
  }, name);
  expect(isTaken).toBe(true);
}

/** The brush's size by the field, the keys and the wheel; a number that is being typed is none yet. */
async function sizeStep(page: Page): Promise<void> {
  const size = page.getByTestId("brush-size");
  await size.fill("");
  await size.pressSequentially("30");
  await expect(size).toHaveValue("30");
  // Back on the map, where keys are the tools'.
  await size.press("Enter");
  await page.keyboard.press("]");
  await expect(size).toHaveValue("36");
  await page.keyboard.press("[");
  await page.mouse.move(...(await at(page, [0.5, 0.5])));
  const scale = (await page.getByTestId("status-scale").textContent()) ?? "";
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -100);
  await page.keyboard.up("Control");
  await expect(size).toHaveValue("36");
  await expect(page.getByTestId("status-scale")).toHaveText(scale);
  await size.fill("40");
  await size.press("Enter");
}

/** A pen that is pressed harder and harder paints a stroke that is narrow where it begins and as wide as the brush where it ends. */
async function penStep(page: Page): Promise<void> {
  await page.getByTestId("pen-pressure").check();
  await page.getByTestId("paint-class").selectOption({ index: 3 });
  const [left, y] = await at(page, [0.55, 0.12]);
  const [right] = await at(page, [0.75, 0.12]);
  await page.getByTestId("map").evaluate(
    (map, [from, to, down]) => {
      // There is no such pointer that could be captured.
      map.setPointerCapture = () => undefined;
      const tell = (type: string, share: number, pressure: number): void => {
        const at = { clientX: from + share * (to - from), clientY: down };
        const pen = { pointerId: 7, pointerType: "pen", isPrimary: true, bubbles: true, cancelable: true };
        const buttons = { button: type === "pointermove" ? -1 : 0, buttons: type === "pointerup" ? 0 : 1 };
        map.dispatchEvent(new PointerEvent(type, { ...pen, ...buttons, ...at, pressure }));
      };
      tell("pointerdown", 0, 0.1);
      for (let step = 1; step <= 20; step++) {
        tell("pointermove", step / 20, 0.1 + (0.9 * step) / 20);
      }
      tell("pointerup", 1, 0);
    },
    [left, right, y] as const,
  );
  await page.waitForTimeout(600);
  await stored(page, "Brush");
  await page.getByTestId("pen-pressure").uncheck();
  const painted = (await page.getByTestId("paint-class").locator("option:checked").textContent()) ?? "";
  const name = painted.replace(/ \(\d\)$/, "");
  const label = page.getByTestId("status-label");
  await page.mouse.move(right, y + 14);
  await expect(label).toContainText(name);
  await page.mouse.move(left, y);
  await expect(label).toContainText(name);
  await page.mouse.move(left, y + 14);
  await expect(label).not.toContainText(name);
}

/** Makes a promptable model in FOLDER, or takes the one that tests of a packaged app bring, whose user has no Python peers. False without both. */
async function makeSegmentModels(models: string): Promise<boolean> {
  const ready = process.env["ORTHOMASK_SEGMENT_MODELS"];
  if (ready !== undefined) {
    await cp(ready, models, { recursive: true });
    return true;
  }
  const python = await peersPython();
  if (python === null) {
    return false;
  }
  const job = path.join(folder, "models.json");
  await writeFile(job, JSON.stringify({ models: [{ folder: models, side: 256, kind: "planes" }] }));
  const script = path.join(rootDirectory, "fixtures/segments/tiny_segment_model.py");
  await promisify(execFile)(python, [script, job]);
  await rm(job);
  return true;
}

/** A promptable model is pointed to; clicks and a box are previewed, given up, and painted. False where no model can be made. */
async function segmentStep(page: Page, shot: (step: string) => Promise<void>): Promise<boolean> {
  const models = path.join(folder, "models");
  if (!(await makeSegmentModels(models))) {
    test.info().annotations.push({ type: "skipped", description: "Segments: no Python peers here" });
    return false;
  }

  await take(page, "Q");
  await clicks(page, [0.75, 0.3]);
  await expect(page.getByText("Point to a segment model first")).toBeVisible();
  await page.getByTestId("segment-model").click();
  await page.getByTestId("pick-encoder").click();
  for (const name of [path.basename(folder), "models"]) {
    await page.getByTestId("folder-row").filter({ hasText: name }).first().click();
  }
  const pickRow = (name: string): Promise<void> =>
    page.getByTestId("segment-models-row").filter({ hasText: name }).click();
  await pickRow("encoder.onnx");
  await page.getByTestId("pick-decoder").click();
  await pickRow("encoder.onnx");
  await page.getByTestId("use-segment-model").click();
  await expect(page.getByTestId("segment-model-dialog")).toContainText("a prompt decoder with the inputs");
  await page.getByTestId("pick-decoder").click();
  await pickRow("decoder.onnx");
  await shot("segment-model");
  await page.getByTestId("use-segment-model").click();
  await expect(page.getByTestId("segment-model-dialog")).toBeHidden();

  // A click selects what is alike; Escape leaves no trace.
  await page.getByTestId("paint-class").selectOption({ index: 1 });
  await clicks(page, [0.75, 0.3]);
  const pixels = page.getByTestId("selection-pixels");
  const selected = async (): Promise<number> => Number(await pixels.getAttribute("data-pixels"));
  await expect(pixels).toBeVisible({ timeout: 20_000 });
  await shot("segment-click");
  await page.getByTestId("map").press("Escape");
  await expect(pixels).toBeHidden();
  await stored(page, "Fill");

  // A box, and what is not meant in it.
  await drag(page, [0.8, 0.6], [0.92, 0.72]);
  await expect(pixels).toBeVisible({ timeout: 20_000 });
  const boxed = await selected();
  expect(boxed).toBeGreaterThan(0);
  await page.keyboard.down("Alt");
  await clicks(page, [0.85, 0.65]);
  await page.keyboard.up("Alt");
  await expect.poll(selected).toBeLessThan(boxed);
  await page.getByTestId("map").press("Backspace");
  await expect.poll(selected).toBe(boxed);
  await expect(page.getByTestId("segment-work")).toContainText("1 prompt, sure to 75 %");
  await shot("segment-box");
  await page.getByTestId("map").press("Enter");
  await stored(page, "Segment");
  await expect(pixels).toBeHidden();
  return true;
}

/** What the status bar says of pixels on screen is what GDAL reads from the file, also at the edges of what was painted. */
async function compareWithGdal(page: Page, file: string): Promise<void> {
  const python = await peersPython();
  if (python === null) {
    test.info().annotations.push({ type: "skipped", description: "GDAL's reading: no Python peers here" });
    return;
  }
  await page.getByTestId("mode-label").click();
  await page.getByTestId("map").press("v");
  const seen: { readonly column: number; readonly row: number; readonly label: string }[] = [];
  for (let turn = 0; turn < 24; turn += 1) {
    await page.mouse.move(
      ...(await at(page, [0.15 + ((turn * 7) % 24) / 34, 0.15 + ((turn * 5) % 24) / 34])),
    );
    await page.waitForTimeout(150);
    await expect(page.getByTestId("status-pixel")).toContainText(/\d/);
    const words =
      ((await page.getByTestId("status-pixel").textContent()) ?? "").match(/[\d\u202f, ]+/g) ?? [];
    const [column, row] = (words.join(" ").match(/\d+/g) ?? []).map(Number);
    const label = (await page.getByTestId("status-label").textContent()) ?? "";
    if (column !== undefined && row !== undefined) {
      seen.push({ column, row, label: label.replace(/^label\s*/i, "").trim() });
    }
  }
  expect(seen.length).toBeGreaterThan(12);
  const script = `
import sys, json, rasterio
with rasterio.open(sys.argv[1]) as source:
    band = source.read(1)
print(json.dumps([int(band[p["row"], p["column"]]) for p in json.loads(sys.argv[2])]))
`;
  const { stdout } = await promisify(execFile)(python, ["-c", script, file, JSON.stringify(seen)]);
  const ids = z.array(z.int()).parse(JSON.parse(stdout));
  // Each id has one name and each name one id.
  const namesById = new Map<number, Set<string>>();
  for (const [index, id] of ids.entries()) {
    const found = namesById.get(id) ?? new Set();
    namesById.set(id, found.add(seen[index]?.label ?? ""));
  }
  const distinct = [...namesById.values()].flatMap((found) => [...found]);
  expect([...namesById.values()].every((found) => found.size === 1)).toBe(true);
  expect(new Set(distinct).size).toBe(namesById.size);
  expect(namesById.size).toBeGreaterThan(2);
}

/** The Python of the tests' peers; null where it has not been made. */
async function peersPython(): Promise<string | null> {
  const given = process.env["ORTHOMASK_PEERS_PYTHON"];
  if (given !== undefined && given !== "") {
    return given;
  }
  const module = (await import(pathToFileURL(path.join(rootDirectory, "scripts/setup/peers.mjs")).href)) as {
    peersPython: () => string | null | undefined;
  };
  return module.peersPython() ?? null;
}

function take(page: Page, key: string): Promise<void> {
  return page.getByTestId("map").press(key.toLowerCase());
}

async function at(page: Page, [across, down]: Share): Promise<[number, number]> {
  const box = await page.getByTestId("map").boundingBox();
  if (box === null) {
    throw new Error("the map has no place on the page");
  }
  return [box.x + box.width * across, box.y + box.height * down];
}

async function drag(page: Page, ...places: readonly Share[]): Promise<void> {
  const [first, ...others] = places;
  if (first === undefined) {
    return;
  }
  await page.mouse.move(...(await at(page, first)));
  await page.mouse.down();
  for (const place of others) {
    await page.mouse.move(...(await at(page, place)), { steps: 8 });
  }
  await page.mouse.up();
}

/** Of the edges of a stroke some 200 px long; the whole stroke has some 25,000. */
const MOST_EDGE_BYTES = 2500;

/** Drags, and answers how many bytes of the map below the tool bar differ plainly between a stroke that goes on and its step that is stored. */
async function changedByLettingGo(
  page: Page,
  name: string,
  ...places: readonly [Share, Share]
): Promise<number> {
  const box = await page.getByTestId("map").boundingBox();
  const clip = {
    x: box?.x ?? 0,
    y: (box?.y ?? 0) + 90,
    width: box?.width ?? 0,
    height: (box?.height ?? 0) - 230,
  };
  const look = async (): Promise<Buffer> =>
    sharp(await page.screenshot({ clip }))
      .removeAlpha()
      .raw()
      .toBuffer();
  await page.mouse.move(...(await at(page, places[0])));
  await page.mouse.down();
  await page.mouse.move(...(await at(page, places[1])), { steps: 8 });
  const before = await look();
  await page.mouse.up();
  await stored(page, name);
  await page.waitForTimeout(700);
  await mapIdle(page);
  const after = await look();
  return after.filter((value, index) => Math.abs(value - (before[index] ?? 0)) > 40).length;
}

async function clicks(page: Page, ...places: readonly Share[]): Promise<void> {
  for (const place of places) {
    await page.mouse.click(...(await at(page, place)));
  }
}

/** The newest step in the history has this name. */
async function stored(page: Page, name: string): Promise<void> {
  await expect(page.getByTestId("label-undo")).toHaveAttribute("title", new RegExp(`Undo ${name}`));
}

/** Undoes or does again all there is; answers how many steps that were. */
async function moveAll(page: Page, way: "undo" | "redo"): Promise<number> {
  const button = page.getByTestId(`label-${way}`);
  let steps = 0;
  while (await button.isEnabled()) {
    const title = (await button.getAttribute("title")) ?? "";
    await button.click();
    await expect(button).not.toHaveAttribute("title", title);
    steps += 1;
  }
  return steps;
}

/** The map without pointer, tool or toast on it. */
async function quietPixels(page: Page): ReturnType<typeof mapPixels> {
  await page.getByTestId("map").press("v");
  await page.mouse.move(2, 2);
  await page.waitForTimeout(600);
  await mapIdle(page);
  const bar = await page.getByTestId("tool-bar").boundingBox();
  const box = await page.getByTestId("map").boundingBox();
  const { data, width, height } = await mapPixels(page);
  // Below the tool bar, whose buttons tell of the history, and above hints and toasts.
  const top = Math.ceil((bar?.y ?? 0) + (bar?.height ?? 0) - (box?.y ?? 0)) + 4;
  const bottom = height - 140;
  return { data: data.subarray(top * width * 3, bottom * width * 3), width, height: bottom - top };
}

/** How many bytes of two pictures differ by more than a rounding error. */
function differences(one: { readonly data: Buffer }, other: { readonly data: Buffer }): number {
  expect(one.data.length).toBe(other.data.length);
  return one.data.reduce(
    (sum, value, index) => sum + (Math.abs(value - (other.data[index] ?? 0)) > 2 ? 1 : 0),
    0,
  );
}
