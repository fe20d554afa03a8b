// `npm run dist [-- --dir | TARGET …]`: installers for this system, those that are named (`deb`, `AppImage`, …), or with `--dir` the app as a folder alone. Each runs
// without a checkout, Node, Python or a compiler. On Debian the .deb, the folder and the .tar.gz need nothing from outside (installer-tools.mjs).
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { unneededPackages } from "../build/third-party.mjs";
import { endWith, setUp } from "../setup.mjs";
import { findElectron, provideElectron } from "../setup/electron.mjs";
import { rootDirectory } from "../setup/places.mjs";
import { run, SetupError, step } from "../setup/step.mjs";
import { appImageToolset, provideAppImageTools, provideDebTool } from "./installer-tools.mjs";
import { directoryBytes, describeSize, sizeBudget } from "./size-budget.mjs";

const words = process.argv.slice(2);
const directoryOnly = words.includes("--dir");
const named = words.filter((word) => !word.startsWith("--"));
const archiveWanted =
  process.platform === "linux" && ((!directoryOnly && named.length === 0) || words.includes("--archive"));
const linuxTargets = ["AppImage", "deb"];

async function main() {
  // Every copy carries the CPU build, also when it is made on a machine with a GPU.
  process.env.ORTHOMASK_TENSORFLOW = "cpu";
  await setUp();
  const electron = (await provideElectron()) ?? findElectron();
  if (electron === null) {
    throw new SetupError(
      "Packaging needs Electron's runtime, and it could not be downloaded.",
      "Reach github.com, or set ELECTRON_OVERRIDE_DIST_PATH to a runtime's folder.",
    );
  }
  const { targets, leftOut } = await possibleTargets();
  const { build, Platform } = await import("electron-builder");
  await step(`packaging (electron-builder, Electron ${electron.version})`, () =>
    build({
      ...(targets.length > 0 ? { targets: Platform.current().createTarget(targets) } : {}),
      projectDir: rootDirectory,
      publish: "never",
      config: packagingFor(electron),
    }),
  );
  if (process.platform === "linux") {
    await finishLinux();
  }
  if (leftOut !== null) {
    throw new SetupError(
      `The AppImage was not made: ${leftOut}`,
      "docs/packaging.md says what it takes. All else is in dist/.",
    );
  }
}

/** What is made: what was asked for, but not an AppImage that lacks its tools, for which the rest need not wait. Empty leaves it to electron-builder.yml. */
async function possibleTargets() {
  if (directoryOnly) {
    return { targets: ["dir"], leftOut: null };
  }
  if (process.platform !== "linux") {
    return { targets: named, leftOut: null };
  }
  const wanted = named.length === 0 ? linuxTargets : named;
  provideDebTool();
  const leftOut = wanted.includes("AppImage")
    ? await step("tools for the AppImage", () =>
        provideAppImageTools(path.join(rootDirectory, "dist/.appimage-tools")),
      )
    : null;
  const targets = wanted.filter((target) => target !== "AppImage" || leftOut === null);
  return { targets: targets.length === 0 ? ["dir"] : targets, leftOut };
}

/** What electron-builder.yml can't say, since it depends on what is here. */
function packagingFor(electron) {
  const version = electron.version.replace(/^v/, "");
  return {
    electronDist: electron.directory,
    electronVersion: version,
    toolsets: { appimage: appImageToolset },
    files: [...unneededPackages().map((key) => `!${key}/**`), ...foreignRuntimes()],
    // The fuse came with Electron 29; setting one that isn't there is an error.
    ...(Number(version.split(".")[0]) >= 29
      ? { electronFuses: { grantFileProtocolExtraPrivileges: false } }
      : {}),
  };
}

/** ONNX Runtime's package brings the libraries of every system, 200 MB that are of no use on this one. */
function foreignRuntimes() {
  const directory = "node_modules/onnxruntime-node/bin/napi-v6";
  const architectures = process.platform === "darwin" ? ["arm64", "x64"] : [process.arch];
  return ["darwin", "linux", "win32"].flatMap((platform) =>
    ["arm64", "x64"]
      .filter((architecture) => platform !== process.platform || !architectures.includes(architecture))
      .map((architecture) => `!${directory}/${platform}/${architecture}/**`),
  );
}

async function finishLinux() {
  const directory = path.join(rootDirectory, "dist/linux-unpacked");
  // Written for the .deb. A folder that kept them would take itself for one that can be replaced.
  for (const name of ["app-update.yml", "package-type", "apparmor-profile"]) {
    rmSync(path.join(directory, "resources", name), { force: true });
  }
  const unpacked = directoryBytes(directory);
  process.stderr.write(`  unpacked: ${describeSize(unpacked, sizeBudget.unpackedBytes)}\n`);
  let fits = unpacked <= sizeBudget.unpackedBytes;
  if (archiveWanted) {
    const archive = path.join(rootDirectory, "dist/Orthomask-linux-x64.tar.gz");
    await step("archive (tar.gz)", () => writeArchive(directory, archive));
    const compressed = statSync(archive).size;
    process.stderr.write(`  compressed: ${describeSize(compressed, sizeBudget.compressedBytes)}\n`);
    fits &&= compressed <= sizeBudget.compressedBytes;
  }
  for (const name of readdirSync(path.join(rootDirectory, "dist")).filter((name) =>
    /\.(deb|AppImage)$/.test(name),
  )) {
    const { size } = statSync(path.join(rootDirectory, "dist", name));
    process.stderr.write(`  ${name}: ${describeSize(size, sizeBudget.compressedBytes)}\n`);
    fits &&= size <= sizeBudget.compressedBytes;
  }
  if (!fits) {
    throw new SetupError(
      "The packaged app is over its size budget.",
      "See what has grown: du -h dist/linux-unpacked | sort -h.",
    );
  }
}

/** Electron-builder's own .tar.gz needs a helper from outside; tar is everywhere. */
async function writeArchive(directory, archive) {
  rmSync(archive, { force: true });
  await run("tar", [
    ...["--create", "--gzip", "--file", `${archive}.partial`],
    ...["--owner=0", "--group=0", "--sort=name", "--transform", "s,^linux-unpacked,Orthomask,"],
    ...["--directory", path.dirname(directory), path.basename(directory)],
  ]);
  renameSync(`${archive}.partial`, archive);
}

main().catch(endWith);
