// Makes pictures of the guide and of docs/labelling.md anew, by playing the main job and a labelling session: `npm run docs:pictures` for both,
// `npm run docs:pictures -- labelling` (or `guide`) for one. Look at them before they are committed.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { rootDirectory } from "../setup/places.mjs";

/** Map and tool bar of the specs' window, 1280 × 800; toasts come in its lower part. */
const map = { left: 264, top: 40, width: 664, height: 703 };

/** Where pictures go, the spec that makes their screenshots, and for each the step and what is cut out of it. */
const sets = {
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

const [wanted] = process.argv.slice(2);
const program = path.join(rootDirectory, "node_modules/@playwright/test/cli.js");
for (const { folder, spec, pictures } of wanted === undefined ? Object.values(sets) : [sets[wanted]]) {
  const { status } = spawnSync(process.execPath, [program, "test", spec, "--project=browser"], {
    cwd: rootDirectory,
    stdio: "inherit",
  });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
  mkdirSync(path.join(rootDirectory, folder), { recursive: true });
  for (const [name, { step, part }] of Object.entries(pictures)) {
    const shot = sharp(path.join(rootDirectory, `artifacts/screenshots/browser-${step}.png`));
    await (part === undefined ? shot : shot.extract(part))
      .webp({ quality: 82 })
      .toFile(path.join(rootDirectory, folder, `${name}.webp`));
    console.log(`${folder}/${name}.webp`);
  }
}
