import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { mountSmallDisk } from "../../../fixtures/small-disk.ts";
import { crsFromEpsg } from "../../raster/index.ts";
import { categorySidecar } from "./category-sidecar.ts";
import type { ClassSource } from "./class-source.ts";
import { exportPolygons } from "./export-polygons.ts";
import { maskStyle, polygonStyle } from "./qgis-style.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "orthomask-polygons-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Specks of five classes: some 60,000 polygons, whatever the window. */
const specks: ClassSource = {
  width: 300,
  height: 300,
  readIds: ({ x, y, width, height }) =>
    Promise.resolve(
      Uint8Array.from({ length: width * height }, (_, at) => {
        const [column, row] = [x + (at % width), y + Math.floor(at / width)];
        return (Math.imul(row * 300 + column + 1, 2_654_435_761) >>> 16) % 5;
      }),
    ),
  readConfidence: () => Promise.resolve(null),
};

describe("polygons on a full disk", () => {
  it.each(["gpkg", "geojson", "fgb"])("%s: says so and leaves nothing", async (extension) => {
    const disk = path.join(folder, extension);
    const small = await mountSmallDisk(disk, 1024 * 1024);
    if (small === null) {
      return;
    }
    try {
      const output = path.join(disk, `specks.${extension}`);
      const image = { geotransform: [1, 0, 500_000, 0, -1, 5_400_000] as const, crs: crsFromEpsg(32633) };
      await expect(
        exportPolygons(output, specks, { ...image, geotransform: [...image.geotransform] }, [], {
          simplify: 0,
          minArea: 0,
        }),
      ).rejects.toThrow(new RegExp(`specks\\.${extension}.*the disk is full`));
      expect(await readdir(disk)).toEqual([]);
    } finally {
      await small.unmount();
    }
  });
});

describe.skipIf(peerPython() === undefined)("styles (skipped without the Python peers)", () => {
  it("are well-formed XML that says each class's name as it is, whatever is in it", async () => {
    const classes = [
      { id: 0, name: `A & B <"c'>`, color: "#102030" },
      { id: 7, name: "Łąka\n🌿", color: "#ff0080" },
      // No XML can hold these.
      { id: 8, name: "a\u0000b\u001b\ud800", color: "#000000" },
    ];
    const script = `
import json, sys
import xml.etree.ElementTree as tree
mask, polygons, sidecar = [tree.fromstring(text) for text in json.loads(sys.argv[1])]
print(json.dumps({
  "roots": [mask.tag, polygons.tag, sidecar.tag],
  "mask": [[e.get("value"), e.get("label"), e.get("color")] for e in mask.iter("paletteEntry")],
  "polygons": [[e.get("value"), e.get("label"), e.get("symbol")] for e in polygons.iter("category")],
  "fills": [[s.get("name"), [p.get("v") for p in s.iter("prop") if p.get("k") == "color"][0]] for s in polygons.iter("symbol")],
  "names": [e.text or "" for e in sidecar.iter("Category")],
}))`;
    const words = JSON.stringify([
      maskStyle(classes),
      polygonStyle(classes, "class_id"),
      categorySidecar(classes),
    ]);
    expect(await runPeer(script, [words])).toEqual({
      roots: ["qgis", "qgis", "PAMDataset"],
      mask: [
        ["0", classes[0]?.name, "#102030"],
        ["7", classes[1]?.name, "#ff0080"],
        ["8", "a\ufffdb\ufffd\ufffd", "#000000"],
      ],
      polygons: [
        ["0", classes[0]?.name, "0"],
        ["7", classes[1]?.name, "1"],
        ["8", "a\ufffdb\ufffd\ufffd", "2"],
      ],
      fills: [
        ["0", "16,32,48,255"],
        ["1", "255,0,128,255"],
        ["2", "0,0,0,255"],
      ],
      names: [classes[0]?.name, "", "", "", "", "", "", classes[1]?.name, "a\ufffdb\ufffd\ufffd"],
    });
  });
});
