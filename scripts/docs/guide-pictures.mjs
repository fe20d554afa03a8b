// Makes pictures of the guide and of docs/labelling.md anew, by playing the main job and a labelling session: `npm run docs:pictures` for both,
// `npm run docs:pictures -- labelling` (or `guide`) for one. Look at them before they are committed. `npm test` makes those anew that no longer show the window.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { rootDirectory } from "../setup/places.mjs";
import { renewPictures, sets } from "./pictures.mjs";

const [wanted] = process.argv.slice(2);
if (wanted !== undefined && !Object.hasOwn(sets, wanted)) {
  console.error(
    `There are no pictures called ${wanted}: expected ${Object.keys(sets).join(" or ")}, or nothing for both.`,
  );
  process.exit(2);
}
const program = path.join(rootDirectory, "node_modules/@playwright/test/cli.js");
for (const name of wanted === undefined ? Object.keys(sets) : [wanted]) {
  const since = Date.now();
  const { status } = spawnSync(process.execPath, [program, "test", sets[name].spec, "--project=browser"], {
    cwd: rootDirectory,
    stdio: "inherit",
  });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
  for (const file of await renewPictures({ since, names: [name], all: true })) {
    console.log(file);
  }
}
