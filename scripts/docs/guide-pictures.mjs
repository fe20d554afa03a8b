// Makes the guide's pictures anew by playing the main job: `npm run docs:pictures`. Look at them before they are committed.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { rootDirectory } from "../setup/places.mjs";

/** The step whose screenshot each is. */
const pictures = { open: "2-labels", trained: "5-trained", results: "8-places", export: "9-export" };

const program = path.join(rootDirectory, "node_modules/@playwright/test/cli.js");
const { status } = spawnSync(process.execPath, [program, "test", "main-job.spec", "--project=browser"], {
  cwd: rootDirectory,
  stdio: "inherit",
});
if (status !== 0) {
  process.exit(status ?? 1);
}
const folder = path.join(rootDirectory, "docs/guide/pictures");
mkdirSync(folder, { recursive: true });
for (const [name, step] of Object.entries(pictures)) {
  await sharp(path.join(rootDirectory, `artifacts/screenshots/browser-${step}.png`))
    .webp({ quality: 82 })
    .toFile(path.join(folder, `${name}.webp`));
  console.log(`docs/guide/pictures/${name}.webp`);
}
