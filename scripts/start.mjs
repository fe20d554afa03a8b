// `npm start [-- FOLDER] [--gpu] [--serve]`: sets up what is missing, builds, and opens the app on FOLDER (or on its own sample).
import path from "node:path";
import { endWith, setUp } from "./setup.mjs";
import { provideElectron } from "./setup/electron.mjs";
import { rootDirectory } from "./setup/places.mjs";
import { runVisibly } from "./setup/step.mjs";

const words = process.argv.slice(2);
const folders = words.filter((word) => !word.startsWith("--"));
const options = new Set(words.filter((word) => word.startsWith("--")));

async function main() {
  await setUp({ gpu: options.has("--gpu") });
  const why = options.has("--serve") ? "as asked" : await whyNoWindow();
  const folder =
    folders[0] === undefined ? [] : [path.resolve(process.env.INIT_CWD ?? process.cwd(), folders[0])];
  if (why === null) {
    const electron = await provideElectron();
    // Chromium's sandbox needs an unprivileged user: root has to go without it.
    const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    return runVisibly(electron.program, [...sandbox, rootDirectory, ...folder], { cwd: rootDirectory });
  }
  process.stderr.write(`Serving the app to a browser (${why}).\n`);
  return runVisibly(
    process.execPath,
    [path.join(rootDirectory, "scripts/orthomask.mjs"), "serve", ...folder],
    {
      cwd: rootDirectory,
    },
  );
}

/** Why no window can be opened, or null when one can. */
async function whyNoWindow() {
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    return "there is no display";
  }
  return (await provideElectron()) === null ? "Electron's runtime could not be downloaded" : null;
}

main().then((code) => process.exit(code), endWith);
