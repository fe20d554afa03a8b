// `npm start [-- FOLDER] [--gpu] [--serve]`: sets up what is missing, builds, and opens the app on FOLDER (or on its own sample).
import { existsSync } from "node:fs";
import path from "node:path";
import { endWith, setUp } from "./setup.mjs";
import { provideElectron } from "./setup/electron.mjs";
import { dataDirectory, rootDirectory } from "./setup/places.mjs";
import { run, runVisibly, step } from "./setup/step.mjs";

const words = process.argv.slice(2);
const folders = words.filter((word) => !word.startsWith("--"));
const options = new Set(words.filter((word) => word.startsWith("--")));

async function main() {
  await setUp({ gpu: options.has("--gpu") });
  const why = options.has("--serve") ? "as asked" : await whyNoWindow();
  const folder =
    folders[0] === undefined
      ? await provideSample()
      : path.resolve(process.env.INIT_CWD ?? process.cwd(), folders[0]);
  if (why === null) {
    const electron = await provideElectron();
    // Chromium's sandbox needs an unprivileged user: root has to go without it.
    const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    return runVisibly(electron.program, [...sandbox, rootDirectory, folder], { cwd: rootDirectory });
  }
  process.stderr.write(`Serving the app to a browser (${why}).\n`);
  return runVisibly(process.execPath, [path.join(rootDirectory, "scripts/orthomask.mjs"), "serve", folder], {
    cwd: rootDirectory,
  });
}

/** The sample that the app itself would make, drawn once; answers its folder. */
async function provideSample() {
  const folder = path.join(dataDirectory(), "sample");
  // Written last: with it the sample is whole.
  if (!existsSync(path.join(folder, "classes.json"))) {
    const program = path.join(rootDirectory, "scripts/orthomask.mjs");
    await step("sample landscape", (progress) =>
      run(process.execPath, [program, "sample", folder], { onLine: progress }),
    );
  }
  return folder;
}

/** Why no window can be opened, or null when one can. */
async function whyNoWindow() {
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    return "there is no display";
  }
  return (await provideElectron()) === null ? "Electron's runtime could not be downloaded" : null;
}

main().then((code) => process.exit(code), endWith);
