// Takes the texts out of the sources. `npm run strings` writes locales/, `-- --check` says whether that would change it;
// the build extracts into out/strings, so that a page never lacks a text whose catalogue wasn't written yet.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Hub } from "wuchale";
import { rootDirectory } from "../setup/places.mjs";
import { catalogues, sides, sourceLocale, stringsConfig } from "./config.mjs";

const committed = path.join(rootDirectory, "locales");

/** Brings a side's catalogues up to date in its folder, beginning with the committed translations. */
export async function extractStrings(side) {
  const { directory, names } = side;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  // English is made anew each time, which also writes a language's file where it has none yet.
  const isTranslation = (file) => path.basename(file) !== `${sourceLocale}.po`;
  names
    .filter((name) => existsSync(path.join(committed, name)))
    .forEach((name) =>
      cpSync(path.join(committed, name), path.join(directory, name), {
        recursive: true,
        filter: isTranslation,
      }),
    );
  const hub = await Hub.create("cli", () => stringsConfig(side), rootDirectory);
  await hub.directVisit(true, false, false);
}

/** The catalogue files below a folder, by their path in it. */
function filesIn(directory) {
  return new Map(
    Object.keys(catalogues).flatMap((name) => {
      const folder = path.join(directory, name);
      const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".po")) : [];
      return files.map((file) => [`${name}/${file}`, readFileSync(path.join(folder, file), "utf8")]);
    }),
  );
}

async function main() {
  const directory = mkdtempSync(path.join(tmpdir(), "orthomask-strings-"));
  try {
    await extractStrings({ ...sides.node, directory, names: Object.keys(catalogues) });
    const [before, after] = [filesIn(committed), filesIn(directory)];
    const changed = [...after].filter(([name, content]) => before.get(name) !== content);
    if (process.argv.includes("--check")) {
      for (const [name] of changed) {
        process.stderr.write(`locales/${name} is not what the sources say: npm run strings\n`);
      }
      return changed.length === 0 ? 0 : 1;
    }
    for (const [name, content] of changed) {
      const file = path.join(committed, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
      process.stdout.write(`locales/${name}\n`);
    }
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exit(await main());
}
