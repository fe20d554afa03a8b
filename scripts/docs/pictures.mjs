// The pictures of the guide and of docs/labelling.md: what each is cut from, and whether it still shows the window as it is.
import { existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { rootDirectory } from "../setup/places.mjs";

/** Map and tool bar of the specs' window, 1280 × 800; toasts come in its lower part. */
const map = { left: 264, top: 40, width: 664, height: 703 };

/** Where pictures go, the spec that makes their screenshots, and for each the step and what is cut out of it. */
export const sets = {
  guide: {
    folder: "docs/guide/pictures",
    spec: "main-job.spec",
    pictures: {
      open: { step: "2-labels" },
      trained: { step: "5-trained" },
      results: { step: "8-places" },
      export: { step: "9-export" },
    },
  },
  labelling: {
    folder: "docs/screenshots",
    spec: "labelling.spec",
    pictures: {
      "labelling-brush": { step: "labelling-brush", part: map },
      "labelling-polygon": { step: "labelling-polygon-with-hole", part: map },
      "labelling-wand": { step: "labelling-wand", part: { ...map, height: 560 } },
      "labelling-superpixels": { step: "labelling-superpixels", part: map },
      "labelling-segment": { step: "labelling-segment-box", part: { ...map, height: 560 } },
      "labelling-review": { step: "labelling-review" },
    },
  },
};

/** Side of what is compared as one, in pixels: glyphs, antialiasing and other digits vanish in it, a row that moved doesn't. */
const CELL = 16;
/** Grey levels of a cell's mean that count as another. */
const LEAST_DIFFERENCE = 16;
/** Share of the cells from which on it is another window. */
const ANOTHER_WINDOW = 0.04;

/**
 * Share of two pictures of the same size that differs in more than letters, 0–1; 1 where the sizes do. What lies on the map is left out of whole windows: it is
 * a prediction, and toasts come and go over it.
 * @param {string | Buffer} first @param {string | Buffer} second @returns {Promise<number>}
 */
export async function differingShare(first, second) {
  const [one, other] = await Promise.all([first, second].map(cells));
  if (one.width !== other.width || one.height !== other.height) {
    return 1;
  }
  let [compared, different] = [0, 0];
  for (let row = 0; row < one.height; row++) {
    for (let column = 0; column < one.width; column++) {
      const isMap =
        one.width * CELL >= 1280 &&
        column * CELL >= map.left &&
        (column + 1) * CELL <= map.left + map.width &&
        row * CELL >= 96 &&
        (row + 1) * CELL <= 540;
      if (!isMap) {
        compared++;
        const at = row * one.width + column;
        different += Math.abs(one.data[at] - other.data[at]) >= LEAST_DIFFERENCE ? 1 : 0;
      }
    }
  }
  return different / compared;
}

async function cells(picture) {
  const { width, height } = await sharp(picture).metadata();
  const size = { width: Math.round(width / CELL), height: Math.round(height / CELL) };
  const data = await sharp(picture)
    .removeAlpha()
    .greyscale()
    .resize({ ...size, fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer();
  return { data, ...size };
}

/** The picture as it would be made of a screenshot that is there. @returns {Promise<Buffer>} */
export function cutPicture({ step, part }) {
  const shot = sharp(screenshotOf(step));
  return (part === undefined ? shot : shot.extract(part)).webp({ quality: 82 }).toBuffer();
}

function screenshotOf(step) {
  return path.join(rootDirectory, `artifacts/screenshots/browser-${step}.png`);
}

/**
 * Makes those pictures anew that no longer show the window as it is, from screenshots taken since a moment; all others stay to the byte, so that a run without a
 * change changes no file. With `all`, every picture of which there is such a screenshot.
 * @returns {Promise<string[]>} the files that were written, below the checkout
 */
export async function renewPictures({ since, names = Object.keys(sets), all = false }) {
  const renewed = [];
  for (const { folder, pictures } of names.map((name) => sets[name])) {
    for (const [name, picture] of Object.entries(pictures)) {
      const shot = screenshotOf(picture.step);
      if (!existsSync(shot) || statSync(shot).mtimeMs < since) {
        continue;
      }
      const file = path.join(folder, `${name}.webp`);
      const target = path.join(rootDirectory, file);
      const made = await cutPicture(picture);
      if (all || !existsSync(target) || (await differingShare(target, made)) > ANOTHER_WINDOW) {
        mkdirSync(path.dirname(target), { recursive: true });
        await sharp(made).toFile(target);
        renewed.push(file);
      }
    }
  }
  return renewed;
}
