// What makes Linux' installers. Electron-builder would fetch it all from GitHub; where the system has it, that is taken instead.
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { onPath, rootDirectory } from "../setup/places.mjs";

const require = createRequire(import.meta.url);
/** Electron-builder's set of tools for AppImages: of this one the start needs no libfuse2, which newer systems don't have, and keeps Chromium's sandbox where it can be had. */
export const appImageToolset = "1.0.3";

/** Leads electron-builder to what makes a .deb here: what the user has named, or dpkg-deb; without either it fetches fpm. */
export function provideDebTool(environment = process.env) {
  const named = environment.CUSTOM_FPM_PATH !== undefined || environment.USE_SYSTEM_FPM !== undefined;
  if (!named && onPath("dpkg-deb") !== null) {
    environment.CUSTOM_FPM_PATH = path.join(rootDirectory, "scripts/package/debian-package.mjs");
  }
}

/**
 * Leads electron-builder to what makes an AppImage here: the user's own set (`APPIMAGE_TOOLS_PATH`), or the system's tools around the runtime that
 * `ORTHOMASK_APPIMAGE_RUNTIME` names, or what it fetches itself. Answers null, or in a sentence why there is nothing of it.
 */
export async function provideAppImageTools(directory, environment = process.env) {
  const runtime = environment.ORTHOMASK_APPIMAGE_RUNTIME;
  if (environment.APPIMAGE_TOOLS_PATH === undefined && runtime !== undefined) {
    const missing = linkSystemTools(directory, path.resolve(runtime));
    if (missing !== null) {
      return missing;
    }
    environment.APPIMAGE_TOOLS_PATH = directory;
  }
  const { Arch } = require("builder-util");
  const { getAppImageTools } = require("app-builder-lib/out/toolsets/linux.js");
  try {
    await getAppImageTools(appImageToolset, process.arch === "arm64" ? Arch.arm64 : Arch.x64);
    return null;
  } catch (error) {
    return `its tools could not be had (${error.message.split("\n")[0]}).`;
  }
}

/** Lays the system's tools out as electron-builder's own set is; answers what is missing, or null. */
function linkSystemTools(directory, runtime) {
  const packages = { mksquashfs: "squashfs-tools", "desktop-file-validate": "desktop-file-utils" };
  const tools = Object.keys(packages).map((name) => [name, onPath(name)]);
  const missing = tools.find(([, program]) => program === null);
  if (missing !== undefined) {
    return `${missing[0]} isn't here (Debian: apt install ${packages[missing[0]]}).`;
  }
  if (!existsSync(runtime)) {
    return `ORTHOMASK_APPIMAGE_RUNTIME names a file that isn't there: ${runtime}.`;
  }
  rmSync(directory, { recursive: true, force: true });
  // Its set has libraries of old systems beside these; Electron asks for none of them.
  mkdirSync(path.join(directory, "lib", process.arch), { recursive: true });
  mkdirSync(path.join(directory, "runtimes"));
  symlinkSync(runtime, path.join(directory, "runtimes", `runtime-${process.arch}`));
  for (const [name, program] of tools) {
    symlinkSync(program, path.join(directory, name));
  }
  return null;
}
