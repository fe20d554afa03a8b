import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readWindowState } from "./window-state.ts";

const screen = { x: 0, y: 0, width: 1920, height: 1040 };
const leftScreen = { x: -1280, y: 0, width: 1280, height: 1024 };
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "orthomask-window-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function remembered(text: string, workAreas = [screen]): Promise<unknown> {
  await writeFile(path.join(directory, "window-state.json"), text);
  return readWindowState(directory, workAreas);
}

function state(x: number, y: number): string {
  return JSON.stringify({ version: 1, bounds: { x, y, width: 1440, height: 900 }, maximized: true });
}

test("is as it was written, also half outside or on another screen", async () => {
  expect(await remembered(state(100, 50))).toStrictEqual(JSON.parse(state(100, 50)));
  expect(await remembered(state(1700, 900))).not.toBeNull();
  expect(await remembered(state(-1200, 10), [screen, leftScreen])).not.toBeNull();
});

test.each([
  ["on a screen that is gone", state(-1400, 10)],
  ["to the right of all screens", state(1900, 10)],
  ["with its title bar above the screen", state(100, -200)],
  ["with its title bar below the screen", state(100, 1030)],
  [
    "too small to be seen",
    JSON.stringify({ version: 1, bounds: { x: 0, y: 0, width: 1, height: 1 }, maximized: false }),
  ],
  ["of a later version", state(100, 50).replace('"version":1', '"version":2')],
  ["cut off", state(100, 50).slice(0, 20)],
])("is forgotten when it is %s", async (_, text) => {
  expect(await remembered(text)).toBeNull();
});

test("is nothing at the first start", () => {
  expect(readWindowState(path.join(directory, "missing"), [screen])).toBeNull();
});
