// Builds every process into out/. `node scripts/build/build.mjs [name …] [--force]`
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { rootDirectory } from "../setup/places.mjs";
import { SetupError, step } from "../setup/step.mjs";
import { namedOutputs, nodeEntries } from "./entries.mjs";
import { writeThirdParties } from "./third-party.mjs";
import { buildDecoders } from "./wasm.mjs";

const outDirectory = path.join(rootDirectory, "out");
const stampFile = path.join(outDirectory, ".built");
const watched = [
  "src-shared",
  "src-main",
  "src-renderer",
  "assets",
  "docs/guide",
  "docs/screenshots",
  "scripts/build",
  "scripts/strings",
  "locales",
];

/** A fingerprint of everything that goes into a build: names, sizes and times, so that it costs milliseconds. */
function sourcesFingerprint() {
  const hash = createHash("sha256");
  const visit = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) {
        visit(file);
      } else if (!/\.test\.ts$/.test(entry.name)) {
        const { size, mtimeMs } = statSync(file);
        hash.update(`${path.relative(rootDirectory, file)} ${size} ${mtimeMs}\n`);
      }
    }
  };
  watched.forEach((name) => visit(path.join(rootDirectory, name)));
  for (const name of ["package-lock.json", "electron.config.ts"]) {
    hash.update(readFileSync(path.join(rootDirectory, name)));
  }
  return hash.digest("hex");
}

/** Builds what is out of date; nothing when the sources are as they were. */
export async function buildIfChanged() {
  const fingerprint = sourcesFingerprint();
  const whole = namedOutputs.every((output) => existsSync(path.join(outDirectory, output)));
  if (whole && existsSync(stampFile) && readFileSync(stampFile, "utf8") === fingerprint) {
    return;
  }
  await step("build", (progress) => buildAll([], progress));
  // Taken before the build: what changes while it runs is built the next time.
  writeFileSync(stampFile, fingerprint);
}

/** Builds the named processes, or all of them; throws `SetupError` with the bundler's own sentence. */
export async function buildAll(names, progress = () => undefined) {
  const wanted = (name) => names.length === 0 || names.includes(name);
  if (nodeEntries.some(({ name, hasTexts }) => hasTexts && wanted(name))) {
    progress("texts");
    await named("texts", () => extractTexts("node"));
  }
  for (const entry of nodeEntries) {
    if (wanted(entry.name)) {
      progress(entry.name);
      await named(entry.name, () => buildNodeEntry(entry));
      if (entry.name === "raster-threads") {
        await named("decoders", buildDecoders);
      }
    }
  }
  if (wanted("desktop") || wanted("page")) {
    progress("texts");
    await named("texts", () => extractTexts("page"));
    progress("desktop shell and page");
    await named("desktop shell and page", buildDesktopAndPage);
    progress("licences");
    // Last: it reads the source maps of all builds.
    writeThirdParties();
  }
}

async function named(name, build) {
  try {
    await build();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new SetupError(
      `${name} could not be built: ${text}`,
      "The source it names has to be put right first.",
    );
  }
}

/** The texts of the page or of the Node processes as the sources have them now; `locales/` stays as it is. Loaded late: threads need none of it. */
async function extractTexts(side) {
  const { sides } = await import("../strings/config.mjs");
  const { extractStrings } = await import("../strings/extract.mjs");
  await extractStrings(sides[side]);
}

async function buildDesktopAndPage() {
  const { build } = await import("electron-vite");
  // Shell and preload share the folder, so neither build may empty it.
  rmSync(path.join(outDirectory, "desktop"), { recursive: true, force: true });
  await build({
    configFile: path.join(rootDirectory, "electron.config.ts"),
    root: rootDirectory,
    logLevel: "warn",
  });
}

async function buildNodeEntry({ name, source, output, hasTexts }) {
  const { build } = await import("vite");
  const plugins = hasTexts ? [(await import("../strings/plugin.mjs")).translated("node")] : [];
  await build({
    root: rootDirectory,
    configFile: false,
    logLevel: "warn",
    plugins,
    // What looks a text up; the rest of it belongs to the build.
    ssr: { noExternal: ["wuchale"] },
    // `ssr` keeps npm packages out of the bundle: native modules and TensorFlow must be loaded from node_modules.
    build: {
      ssr: true,
      target: "node20",
      outDir: path.join("out", path.dirname(output)),
      emptyOutDir: true,
      copyPublicDir: false,
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        input: { [name]: path.join(rootDirectory, source) },
        checks: { bundlerTimings: false },
        output: { format: "es", entryFileNames: path.basename(output), chunkFileNames: "[name]-[hash].mjs" },
      },
    },
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const names = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  const force = names.length > 0 || process.argv.includes("--force");
  await (force ? buildAll(names, (name) => process.stderr.write(`· ${name}\n`)) : buildIfChanged()).catch(
    (error) => {
      process.stderr.write(`\n${error instanceof SetupError ? error.message : error.stack}\n`);
      process.exit(1);
    },
  );
}
