import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BrowserWindow, Rectangle } from "electron";
import { z } from "zod";

const boundsSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(200),
  height: z.int().min(200),
});

const windowStateSchema = z.object({ version: z.literal(1), bounds: boundsSchema, maximized: z.boolean() });

/** Where the window stood, in the screens' device-independent pixels; `bounds` are those it has when not maximized. */
export type WindowState = z.infer<typeof windowStateSchema>;

/** The remembered state; null when there is none, it can't be read, or it lies on no screen that is there now. */
export function readWindowState(dataDirectory: string, workAreas: readonly Rectangle[]): WindowState | null {
  try {
    const state = windowStateSchema.parse(JSON.parse(readFileSync(stateFile(dataDirectory), "utf8")));
    return workAreas.some((area) => titleBarIsOn(state.bounds, area)) ? state : null;
  } catch {
    return null;
  }
}

/** Remembers where the window stands. Synchronous, since it happens while the window closes. */
export function writeWindowState(dataDirectory: string, window: BrowserWindow): void {
  const { x, y, width, height } = window.getNormalBounds();
  const state: WindowState = { version: 1, bounds: { x, y, width, height }, maximized: window.isMaximized() };
  try {
    mkdirSync(dataDirectory, { recursive: true });
    writeFileSync(stateFile(dataDirectory), `${JSON.stringify(state)}\n`);
  } catch {
    // A full disk or a read-only home must not keep the window from closing.
  }
}

/** Enough of the upper edge is inside `area` for the user to take hold of the window. */
function titleBarIsOn(bounds: Rectangle, area: Rectangle): boolean {
  const visibleWidth = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x);
  return visibleWidth >= 100 && bounds.y >= area.y - 8 && bounds.y <= area.y + area.height - 40;
}

function stateFile(dataDirectory: string): string {
  return path.join(dataDirectory, "window-state.json");
}
