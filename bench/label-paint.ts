import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Page } from "@playwright/test";
import { z } from "zod";
import { peerPython } from "../fixtures/peers.ts";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchRow, Target } from "./harness/bench.ts";
import { startSession } from "./map/app-session.ts";
import { provideMosaic } from "./map/provide-mosaic.ts";

const SIDE = 30_000;
const WORK = `${SIDE}² virtual mosaic`;
const BRUSH_PIXELS = 200;
const parts = ["stroke", "undo", "fill", "superpixels", "memory"] as const;

const measuresSchema = z.array(z.object({ name: z.string(), startTime: z.number(), duration: z.number() }));
type Measures = z.infer<typeof measuresSchema>;

/** Painting as somebody feels it; words narrow it down to some of `parts`, `strokes=N` sets the strokes of `memory`. */
export const bench: Bench = {
  title: "Labelling, in a browser",
  method: `The built app served to Chromium with software rendering, 1500 × 900, on a virtual mosaic of ${SIDE}² whose overviews are not made meanwhile. The numbers are the page's own performance entries: from a pointer's move to when the frame that shows it was handed to the compositor; from undo to when the map shows it, and to when the page has asked for all drawing of it (the rest is Chromium's rasterizer, which stands in for a graphics processor); from a click with the bucket to when the area is painted; from the request for superpixels to when they are there. Presses are by Event Timing, to the frame presented, in steps of 8 ms.`,
  run: async (words, keep) => {
    if (peerPython() === undefined) {
      return {
        versions: {},
        rows: [],
        notes: ["Nothing was measured: GDAL, which makes the mosaic, is not here."],
      };
    }
    const wanted = words.filter((word) => (parts as readonly string[]).includes(word));
    const wants = (part: (typeof parts)[number]): boolean => wanted.length === 0 || wanted.includes(part);
    const strokes = Number(words.find((word) => word.startsWith("strokes="))?.slice(8) ?? 1000);
    const folder = await mkdtemp(path.join(tmpdir(), "orthomask-bench-project-"));
    const mosaic = await provideMosaic("sparse", SIDE, SIDE, 0);
    await symlink(mosaic, path.join(folder, path.basename(mosaic)));
    const classes = ["field", "water", "road"].map((name, id) => ({
      id,
      name,
      color: ["#4caf50", "#2196f3", "#ffb300"][id],
    }));
    await writeFile(path.join(folder, "classes.json"), JSON.stringify(classes));
    const session = await startSession(folder, { probe: "measures-probe.js" });
    const { page } = session;
    const rows: BenchRow[] = [];
    try {
      await page.setViewportSize({ width: 1500, height: 900 });
      await page.goto(session.url);
      await mapIdle(page);
      await pauseOverviews(page);
      await page.getByTestId("mode-label").click();
      await page.getByTestId("tool-brush").click();
      await page.getByTestId("brush-size").fill(String(BRUSH_PIXELS));
      await zoomToPixels(page);
      const versions = { Chromium: session.browserVersion };
      const measured = [
        ["stroke", () => measureStrokes(page)],
        ["memory", () => measureMemory(page, strokes)],
        ["undo", () => measureUndo(page)],
        ["fill", () => measureFill(page)],
        ["superpixels", () => measureSuperpixels(page)],
      ] as const;
      for (const [part, measure] of measured) {
        if (wants(part)) {
          rows.push(...(await measure()));
          keep({ versions, rows });
        }
      }
      return { versions, rows };
    } finally {
      await session.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function row(measure: string, unit: string, values: readonly number[], target: Target | null): BenchRow {
  return {
    work: WORK,
    measure,
    unit,
    ours: sampleOf(values.map((value) => Math.round(value * 10) / 10)),
    peer: null,
    target,
  };
}

async function measureStrokes(page: Page): Promise<BenchRow[]> {
  // The first touches what is compiled and allocated once.
  await stroke(page, 0, 20);
  await settled(page);
  await takeMeasures(page);
  for (let turn = 1; turn <= 8; turn += 1) {
    await stroke(page, turn, 60);
    await page.waitForTimeout(150);
  }
  await settled(page);
  const measures = await takeMeasures(page);
  const moves = durations(measures, "pointer-to-paint");
  const presses = durations(measures, "pointerdown");
  return [
    row(`pointer to paint, ${BRUSH_PIXELS} px brush`, "ms", moves, { of: "value", atMost: 16 }),
    row(`pointer to paint, 95th percentile`, "ms", [percentile(moves, 0.95)], { of: "value", atMost: 33 }),
    // Presses below 16 ms make no entry.
    row("press to frame presented (Event Timing)", "ms", presses.length > 0 ? presses : [16], null),
  ];
}

async function measureUndo(page: Page): Promise<BenchRow[]> {
  const undone: number[] = [];
  const issued: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    // 16 mosaic pixels a screen pixel: a path of 640 screen pixels is 10,000 long.
    await page.getByTestId("map").press("f");
    await page.waitForTimeout(400);
    await mapIdle(page);
    await page.getByLabel("Unit of the brush size").selectOption("mosaic");
    const box = await mapBox(page);
    const scale = SIDE / (Math.min(box.width, box.height) - 48);
    await page.mouse.move(box.x + box.width / 2 - 5000 / scale, box.y + box.height * (0.3 + turn * 0.1));
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 5000 / scale, box.y + box.height * (0.35 + turn * 0.1), {
      steps: 20,
    });
    await page.mouse.up();
    await settled(page);
    await takeMeasures(page);
    await page.getByTestId("map").press("Control+z");
    await settled(page);
    const measures = await takeMeasures(page);
    undone.push(...durations(measures, "undo"));
    issued.push(...durations(measures, "undo-issued"));
  }
  await page.getByLabel("Unit of the brush size").selectOption("screen");
  return [
    row("undo of a 10,000 px stroke", "ms", undone, { of: "value", atMost: 50 }),
    row("undo of a 10,000 px stroke, until all drawing is asked for", "ms", issued, {
      of: "value",
      atMost: 50,
    }),
  ];
}

/** A square of 2000 mosaic pixels, painted and then filled with another class. */
async function measureFill(page: Page): Promise<BenchRow[]> {
  const filled: number[] = [];
  const box = await mapBox(page);
  await page.getByTestId("map").press("f");
  await page.waitForTimeout(400);
  await zoomToPixels(page);
  await page.getByTestId("map").press("-");
  await page.waitForTimeout(400);
  await page.getByTestId("map").press("-");
  await page.waitForTimeout(400);
  await mapIdle(page);
  for (let turn = 0; turn < 5; turn += 1) {
    await page.getByTestId("tool-rectangle").click();
    await page.getByTestId("paint-class").selectOption({ index: turn % 2 });
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const half = 1000 / (await mosaicPixelsPerScreenPixel(page));
    await page.mouse.move(x - half, y - half);
    await page.mouse.down();
    await page.mouse.move(x + half, y + half, { steps: 4 });
    await page.mouse.up();
    await settled(page);
    await page.getByTestId("tool-fill").click();
    await page.getByTestId("paint-class").selectOption({ index: 2 });
    await takeMeasures(page);
    await page.mouse.click(x, y);
    await settled(page);
    filled.push(...durations(await takeMeasures(page), "fill"));
  }
  return [row("fill of a 4-megapixel area", "ms", filled, { of: "value", atMost: 300 })];
}

async function measureSuperpixels(page: Page): Promise<BenchRow[]> {
  const divided: number[] = [];
  const { width, height } = await mapBox(page);
  const window = page.viewportSize() ?? { width, height };
  await page.setViewportSize({ width: window.width + 1500 - width, height: window.height + 900 - height });
  await mapIdle(page);
  const box = await mapBox(page);
  await page.getByTestId("tool-superpixel").click();
  for (let turn = 0; turn < 5; turn += 1) {
    await page.getByTestId("map").press("ArrowRight");
    await page.waitForTimeout(1500);
    await settled(page);
    divided.push(...durations(await takeMeasures(page), "superpixels"));
  }
  await page.setViewportSize(window);
  const size = `${Math.round(box.width)} × ${Math.round(box.height)}`;
  return [row(`superpixels of a map of ${size}`, "ms", divided, { of: "value", atMost: 500 })];
}

/** By how far the status bar's column moves with the pointer. */
async function mosaicPixelsPerScreenPixel(page: Page): Promise<number> {
  const box = await mapBox(page);
  const columnAt = async (x: number): Promise<number> => {
    await page.mouse.move(x, box.y + box.height / 2);
    await page.waitForTimeout(300);
    const text = (await page.getByTestId("status-pixel").textContent()) ?? "";
    const column = /^(\d+), \d+$/.exec(text)?.[1];
    if (column === undefined) {
      throw new Error(`"column, row" was expected in the status bar, but it says "${text}".`);
    }
    return Number(column);
  };
  const [left, right] = [await columnAt(box.x + box.width * 0.3), await columnAt(box.x + box.width * 0.7)];
  return (right - left) / (box.width * 0.4);
}

async function measureMemory(page: Page, strokes: number): Promise<BenchRow[]> {
  const used = async (): Promise<number> => {
    await settled(page);
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await cdp.send("Runtime.getHeapUsage");
    await cdp.detach();
    return usedSize / 2 ** 20;
  };
  for (let turn = 0; turn < Math.min(50, strokes); turn += 1) {
    await stroke(page, turn, 4);
  }
  const before = await used();
  for (let turn = 0; turn < strokes; turn += 1) {
    await stroke(page, turn, 4);
  }
  const after = await used();
  return [
    row(`page's heap gained over ${strokes} strokes`, "MB", [after - before], { of: "value", atMost: 5 }),
    row(`page's heap after ${strokes} strokes`, "MB", [after], null),
  ];
}

/** A curve over the middle of the map, another one each turn. */
async function stroke(page: Page, turn: number, moves: number): Promise<void> {
  const box = await mapBox(page);
  const at = (step: number): [number, number] => {
    const share = step / moves;
    const y = 0.25 + ((turn * 37) % 50) / 100 + 0.1 * Math.sin(share * 6 + turn);
    return [box.x + box.width * (0.2 + 0.6 * share), box.y + box.height * y];
  };
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let step = 1; step <= moves; step += 1) {
    await page.mouse.move(...at(step));
  }
  await page.mouse.up();
}

async function zoomToPixels(page: Page): Promise<void> {
  const box = await mapBox(page);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let step = 0; step < 5; step += 1) {
    await page.getByTestId("map").press("+");
    await page.waitForTimeout(250);
  }
  await mapIdle(page);
}

async function mapBox(page: Page): Promise<{ x: number; y: number; width: number; height: number }> {
  return (await page.getByTestId("map").boundingBox()) ?? { x: 300, y: 60, width: 800, height: 600 };
}

async function mapIdle(page: Page): Promise<void> {
  await page.locator('[data-testid=map][data-idle="true"]').waitFor({ timeout: 60_000 });
}

/** What was painted is stored, and the map shows it. */
async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(700);
  await mapIdle(page);
}

/** Overviews would be made for minutes beside what is measured. */
async function pauseOverviews(page: Page): Promise<void> {
  await page.getByTestId("jobs-button").click();
  await page.getByLabel(/^Pause /).click({ timeout: 15_000 });
  await page.keyboard.press("Escape");
}

async function takeMeasures(page: Page): Promise<Measures> {
  return measuresSchema.parse(
    await page.evaluate(() => (globalThis as { orthomaskMeasures?: unknown[] }).orthomaskMeasures?.splice(0)),
  );
}

function durations(measures: Measures, name: string): number[] {
  return measures.filter((measure) => measure.name === name).map(({ duration }) => duration);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((first, second) => first - second);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
