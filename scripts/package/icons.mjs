// Draws the app's icons from assets/icon.svg: PNGs of every size that Linux has, one .ico for Windows and one .icns for macOS. `node scripts/package/icons.mjs`
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { rootDirectory } from "../setup/places.mjs";

const assets = path.join(rootDirectory, "assets");
const icons = path.join(assets, "icons");
const pngSizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
const icoSizes = [16, 24, 32, 48, 64, 128, 256];
/** Types of the .icns format whose content is a PNG, by their size in pixels: https://en.wikipedia.org/wiki/Apple_Icon_Image_format */
const icnsTypes = [
  ["ic11", 32],
  ["ic12", 64],
  ["ic07", 128],
  ["ic13", 256],
  ["ic08", 256],
  ["ic14", 512],
  ["ic09", 512],
  ["ic10", 1024],
];

/** Writes all icons below assets/. */
export async function drawIcons() {
  const svg = readFileSync(path.join(assets, "icon.svg"));
  const { width = 512 } = await sharp(svg).metadata();
  const drawn = new Map();
  for (const size of pngSizes) {
    // Drawn at its size, not scaled: 72 is what an SVG's pixels are worth.
    drawn.set(
      size,
      await sharp(svg, { density: (72 * size) / width })
        .resize(size, size)
        .png()
        .toBuffer(),
    );
  }
  mkdirSync(icons, { recursive: true });
  for (const [size, png] of drawn) {
    writeFileSync(path.join(icons, `${size}x${size}.png`), png);
  }
  writeFileSync(path.join(assets, "icon.png"), drawn.get(512));
  writeFileSync(path.join(icons, "icon.ico"), ico(icoSizes.map((size) => [size, drawn.get(size)])));
  writeFileSync(
    path.join(icons, "icon.icns"),
    icns(icnsTypes.map(([type, size]) => [type, drawn.get(size)])),
  );
}

/** A directory of 16 bytes an image after a header of 6, then the PNGs: https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10) */
function ico(images) {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  images.forEach(([size, png], index) => {
    const at = 6 + 16 * index;
    // 0 stands for 256.
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([head, ...images.map(([, png]) => png)]);
}

function icns(images) {
  const chunks = images.map(([type, png]) => {
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32BE(8 + png.length, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(chunks);
  const head = Buffer.alloc(8);
  head.write("icns", "latin1");
  head.writeUInt32BE(8 + body.length, 4);
  return Buffer.concat([head, body]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await drawIcons();
}
