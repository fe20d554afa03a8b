import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { LabelStore } from "../src-main/host/labels/label-store.ts";

/** What stands where nothing was painted. */
const UNTOUCHED = 254;

/**
 * The labels of a project's only painted mosaic as they lie on the disk now, of `side` pixels, whoever has it open: they are read from a copy, whose journal is replayed as
 * after a crash. What nobody painted is 254.
 */
export async function storedLabels(folder: string, side: number): Promise<Uint8Array> {
  const labels = path.join(folder, ".orthomask/labels");
  const [mosaic] = existsSync(labels) ? readdirSync(labels) : [];
  if (mosaic === undefined) {
    return new Uint8Array(side * side).fill(UNTOUCHED);
  }
  const copy = mkdtempSync(path.join(path.dirname(folder), "labels-"));
  try {
    cpSync(path.join(labels, mosaic), copy, { recursive: true });
    const store = await LabelStore.open(copy, {
      width: side,
      height: side,
      version: "none",
      read: ({ pixelWindow: { width, height } }) =>
        Promise.resolve(new Uint8Array(width * height).fill(UNTOUCHED)),
    });
    const ids = await store.readWindow({ pixelWindow: { x: 0, y: 0, width: side, height: side } });
    await store.close();
    return ids;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
