import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRaster } from "../index.ts";
import { parseWorldFile } from "./sidecars.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-image-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function chunk(type: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, data, Buffer.alloc(4)]);
}

test("palette entries stay ids, at two bits a pixel", async () => {
  // 5 × 2 pixels: 0 1 2 3 1 / 3 3 0 0 2, two bits each, rows padded to bytes, filter "none".
  const rows = Uint8Array.of(0, 0b00_01_10_11, 0b01_000000, 0, 0b11_11_00_00, 0b10_000000);
  const header = Buffer.from([0, 0, 0, 5, 0, 0, 0, 2, 2, 3, 0, 0, 0]);
  const palette = Uint8Array.of(0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255);
  const path = join(folder, "mask.png");
  await writeFile(
    path,
    Buffer.concat([
      Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      chunk("IHDR", header),
      chunk("PLTE", palette),
      chunk("IDAT", deflateSync(rows)),
      chunk("IEND", new Uint8Array(0)),
    ]),
  );
  const raster = await openRaster(path);
  expect(raster.description).toMatchObject({
    format: "PNG",
    bands: 1,
    crs: { kind: "none" },
    geotransform: null,
  });
  expect(raster.description.colorTable).toEqual({
    "0": "#000000",
    "1": "#ff0000",
    "2": "#00ff00",
    "3": "#0000ff",
  });
  const { data } = await raster.readWindow({ pixelWindow: { x: 0, y: 0, width: 5, height: 2 }, bands: [0] });
  expect([...data]).toEqual([0, 1, 2, 3, 1, 3, 3, 0, 0, 2]);
  await raster.close();
});

test.each([
  ["filtered and interlaced", { progressive: true, adaptiveFiltering: true }],
  ["plain", { progressive: false, adaptiveFiltering: true }],
])("a PNG that sharp wrote, %s, reads back", async (name, options) => {
  const [width, height] = [61, 43];
  const pixels = Uint8Array.from(
    { length: width * height * 4 },
    (_, index) => (index * index + (index >> 3)) & 255,
  );
  const path = join(folder, `${name}.png`);
  await sharp(pixels, { raw: { width, height, channels: 4 } })
    .png(options)
    .toFile(path);
  const raster = await openRaster(path);
  expect(raster.description.alphaBand).toBe(3);
  const { data } = await raster.readWindow({
    pixelWindow: { x: 0, y: 0, width, height },
    bands: [0, 1, 2, 3],
  });
  expect(Buffer.compare(data as Uint8Array, pixels)).toBe(0);
  await raster.close();
});

test("a JPEG lies where its world file and .prj say", async () => {
  const path = join(folder, "photo.jpg");
  await sharp({ create: { width: 30, height: 20, channels: 3, background: "#336699" } })
    .jpeg()
    .toFile(path);
  await writeFile(join(folder, "photo.jgw"), "0.5\n0\n0\n-0.5\n320000.25\n2774999.75\n");
  await writeFile(
    join(folder, "photo.prj"),
    'PROJCS["WGS_1984_UTM_Zone_40N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],' +
      'PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]],PROJECTION["Transverse_Mercator"],' +
      'PARAMETER["False_Easting",500000],PARAMETER["False_Northing",0],PARAMETER["Central_Meridian",57],' +
      'PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0],UNIT["Meter",1]]',
  );
  const raster = await openRaster(path);
  expect(raster.description.geotransform).toEqual([0.5, 0, 320000, 0, -0.5, 2775000]);
  expect(raster.description.crs).toMatchObject({ kind: "custom", name: "WGS_1984_UTM_Zone_40N" });
  const { data } = await raster.readWindow({
    pixelWindow: { x: 5, y: 5, width: 1, height: 1 },
    bands: [0, 1, 2],
  });
  [0x33, 0x66, 0x99].forEach((value, band) => {
    expect(Math.abs((data[band] as number) - value)).toBeLessThan(4);
  });
  await raster.close();
});

test.each(["png", "jpeg"] as const)(
  "a large %s, decoded into a temporary file, reads as it does whole",
  async (format) => {
    const [width, height] = [4000, 3600];
    const path = join(folder, `large.${format}`);
    const tile = Buffer.from(
      Array.from({ length: 120_000 }, (_, index) => (index * 31 + (index >> 9)) & 255),
    );
    await sharp({ create: { width, height, channels: 3, background: "#336699" } })
      .composite([
        { input: tile, raw: { width: 200, height: 200, channels: 3 }, left: 3700, top: 3300 },
        { input: tile, raw: { width: 200, height: 200, channels: 3 }, left: 0, top: 0 },
      ])
      .removeAlpha()
      .toFormat(format)
      .toFile(path);
    const whole = await sharp(path).raw().toBuffer();
    const raster = await openRaster(path);
    // From both ends at once: the one must not wait for the other, nor spoil it.
    const windows = [
      { x: 3690, y: 3290, width: 300, height: 300 },
      { x: 0, y: 0, width: 210, height: 210 },
    ];
    const read = await Promise.all(
      windows.map((pixelWindow) => raster.readWindow({ pixelWindow, bands: [0, 1, 2] })),
    );
    await raster.close();
    windows.forEach((window, index) => {
      const rows = Array.from({ length: window.height }, (_, row) => {
        const start = ((window.y + row) * width + window.x) * 3;
        return whole.subarray(start, start + window.width * 3);
      });
      expect(Buffer.compare(read[index]?.data as Uint8Array, Buffer.concat(rows))).toBe(0);
    });
  },
);

test("world files name pixel centres, also of rotated images", () => {
  expect(parseWorldFile("2\n1\n-1\n-2\n100\n200")).toEqual([2, -1, 99.5, 1, -2, 200.5]);
  expect(parseWorldFile("2\n1\n")).toBeNull();
  expect(parseWorldFile("0\n0\n0\n0\n1\n1")).toBeNull();
});
