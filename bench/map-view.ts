import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Page } from "@playwright/test";
import { peerPython } from "../fixtures/peers.ts";
import { sampleOf } from "./harness/bench.ts";
import type { Bench, BenchRow, Target } from "./harness/bench.ts";
import { startSession } from "./map/app-session.ts";
import { provideMosaic } from "./map/provide-mosaic.ts";
import { longFramesOf, probeSchema, type Probe } from "./map/frames.ts";

const layouts = ["strips", "jpeg", "deflate", "lzw", "sixteen"] as const;
/** The four of `../shared/design/raster.md`, whose first pixels have a target. */
const targeted: readonly string[] = ["strips", "jpeg", "deflate", "lzw"];
const MOVE_SECONDS = 60;
const VIRTUAL_SIDE = 60_000;

/**
 * The map as somebody sees it: words are `first`, `move`, `virtual` to measure only these, and `seconds=N` to move for less than a
 * minute.
 */
export const bench: Bench = {
  title: "The map, in a browser",
  method:
    "The built app served to Chromium with software rendering, 1280 × 800. First pixels: from the page's navigation, and from when the project is there, to the first frame with imagery in the map's own frame buffer, with empty caches. Moving: dragging and zooming, as long as the notes say, over five mosaics of 9000 × 9500 while their pyramids are made, and over a virtual one of 60000²; a frame counts with what our scripts ran in it, WebGL calls (software rendering) taken off.",
  run: async (words) => {
    const parts = words.filter((word) => ["first", "move", "virtual"].includes(word));
    const wants = (part: string): boolean => parts.length === 0 || parts.includes(part);
    const seconds = Number(words.find((word) => word.startsWith("seconds="))?.slice(8) ?? MOVE_SECONDS);
    if (peerPython() === undefined) {
      return {
        versions: {},
        rows: [],
        notes: ["Nothing was measured: GDAL, which makes the mosaics, is not here."],
      };
    }
    const rows: BenchRow[] = [];
    const notes: string[] = [];
    let browserVersion = "";
    if (wants("first")) {
      for (const [column, layout] of layouts.entries()) {
        const mosaic = await provideMosaic(layout, 9000, 9500, column);
        const session = await sessionOf([mosaic]);
        browserVersion = session.browserVersion;
        try {
          await session.page.goto(session.url);
          await idle(session.page);
          const probe = await probeOf(session.page);
          const work = `9000 × 9500, ${layout}`;
          const target = targeted.includes(layout) ? ({ of: "value", atMost: 1000 } as const) : null;
          const pixels = probe.firstPixels ?? Number.NaN;
          rows.push(
            row(
              work,
              "first pixels, from the project's opening",
              "ms",
              pixels - (probe.firstMap ?? 0),
              target,
            ),
            row(work, "first pixels, page load included", "ms", pixels, null),
            row(work, "all of the view", "ms", await now(session.page), null),
          );
        } finally {
          await session.close();
        }
      }
    }
    const fiveMosaics = async (): Promise<string[]> => {
      const made: string[] = [];
      for (const [column, layout] of layouts.entries()) {
        made.push(await provideMosaic(layout, 9000, 9500, column));
      }
      return made;
    };
    if (wants("move")) {
      const moved = await measureMoving(await fiveMosaics(), "five mosaics of 9000 × 9500", seconds);
      browserVersion = moved.browserVersion;
      rows.push(...moved.rows);
      notes.push(...moved.notes);
    }
    if (wants("virtual")) {
      const large = await provideMosaic("sparse", VIRTUAL_SIDE, VIRTUAL_SIDE, 0);
      const moved = await measureMoving([large], `${VIRTUAL_SIDE}² virtual mosaic`, seconds);
      browserVersion = moved.browserVersion;
      rows.push(...moved.rows);
      notes.push(...moved.notes);
    }
    return { versions: browserVersion === "" ? {} : { Chromium: browserVersion }, rows, notes };
  },
};

function row(work: string, measure: string, unit: string, value: number, target: Target | null): BenchRow {
  return { work, measure, unit, ours: sampleOf([Math.round(value)]), peer: null, target };
}

/** A session on a folder of links to mosaics. */
async function sessionOf(mosaics: readonly string[]): ReturnType<typeof startSession> {
  const folder = await mkdtemp(path.join(tmpdir(), "orthomask-bench-project-"));
  for (const mosaic of mosaics) {
    await symlink(mosaic, path.join(folder, path.basename(mosaic)));
  }
  const session = await startSession(folder);
  return {
    ...session,
    close: async () => {
      await session.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function measureMoving(
  mosaics: readonly string[],
  work: string,
  seconds: number,
): Promise<{ rows: BenchRow[]; notes: string[]; browserVersion: string }> {
  const session = await sessionOf(mosaics);
  const { page } = session;
  try {
    await page.goto(session.url);
    await idle(page);
    const first = await probeOf(page);
    const from = await now(page);
    await moveAround(page, seconds * 1000);
    const to = await now(page);
    await idle(page);
    const probe = await probeOf(page);
    const map = page.getByTestId("map");
    const attribute = async (name: string): Promise<number> => Number(await map.getAttribute(`data-${name}`));
    const long = longFramesOf(probe, from, to);
    const ours = long.map((frame) => frame.ours);
    const inFrames = probe.frames.filter(([start]) => start >= from && start < to);
    const frameWork = inFrames.map(([, spent, gl]) => spent - gl);
    const memory = await session.peakMemory();
    const worst = [...long].sort((one, other) => other.ours - one.ours).slice(0, 5);
    return {
      browserVersion: session.browserVersion,
      rows: [
        row(
          work,
          "first pixels, from the project's opening",
          "ms",
          (first.firstPixels ?? Number.NaN) - (first.firstMap ?? 0),
          { of: "value", atMost: 1000 },
        ),
        row(work, "longest frame of our code", "ms", Math.max(0, ...ours, ...frameWork), {
          of: "value",
          atMost: 50,
        }),
        row(work, "frames above 50 ms by our code", "frames", ours.filter((spent) => spent > 50).length, {
          of: "value",
          atMost: 0,
        }),
        row(work, "frames above 50 ms, software rendering included", "frames", long.length, null),
        row(work, "frames drawn", "frames", inFrames.length, null),
        row(work, "tile latency, median", "ms", await attribute("tile-median"), null),
        row(work, "tile latency, 95th percentile", "ms", await attribute("tile-p95"), null),
        row(work, "tiles loaded", "tiles", await attribute("tiles-loaded"), null),
        row(work, "peak memory of the page", "MB", memory.page, null),
        row(work, "peak memory of the host", "MB", memory.host, null),
      ],
      notes: [
        `${work}: moved for ${seconds} s.`,
        ...worst
          .filter((frame) => frame.ours > 20)
          .map(
            (frame) =>
              `${work}: a frame of ${Math.round(frame.total)} ms, ${Math.round(frame.ours)} ms of it ours, most in ${frame.where}.`,
          ),
      ],
    };
  } finally {
    await session.close();
  }
}

/** Drags in all directions and zooms in and out, as somebody looking around would. */
async function moveAround(page: Page, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  const box = (await page.getByTestId("map").boundingBox()) ?? { x: 300, y: 60, width: 600, height: 600 };
  const [centerX, centerY] = [box.x + box.width / 2, box.y + box.height / 2];
  for (let turn = 0; Date.now() < end; turn += 1) {
    const wheel = turn % 8 < 4 ? -240 : 240;
    await page.mouse.move(centerX, centerY);
    await page.mouse.wheel(0, wheel);
    await page.waitForTimeout(250);
    const angle = turn * 2.4;
    const [x, y] = [Math.cos(angle) * box.width * 0.3, Math.sin(angle) * box.height * 0.3];
    await page.mouse.move(centerX - x, centerY - y);
    await page.mouse.down();
    for (let step = 1; step <= 30 && Date.now() < end; step += 1) {
      await page.mouse.move(centerX - x + (2 * x * step) / 30, centerY - y + (2 * y * step) / 30);
      await page.waitForTimeout(16);
    }
    await page.mouse.up();
    await page.waitForTimeout(turn % 3 === 0 ? 600 : 100);
  }
}

async function idle(page: Page): Promise<void> {
  await page.locator('[data-testid=map][data-idle="true"]').waitFor({ timeout: 60_000 });
}

function now(page: Page): Promise<number> {
  return page.evaluate(() => performance.now());
}

async function probeOf(page: Page): Promise<Probe> {
  return probeSchema.parse(
    await page.evaluate(() => (globalThis as { orthomaskProbe?: unknown }).orthomaskProbe),
  );
}
