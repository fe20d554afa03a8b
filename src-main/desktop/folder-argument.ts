import path from "node:path";
import { fileURLToPath } from "node:url";

/** The file that stands for a project: file managers start us with it. */
export const PROJECT_FILE_NAME = "orthomask.json";

/** The folder that is meant by a path to open: itself, or the one of a project file. */
export function openedFolder(openedPath: string): string {
  return path.basename(openedPath) === PROJECT_FILE_NAME ? path.dirname(openedPath) : openedPath;
}

/**
 * The folder of `orthomask FOLDER` (or a project file in it) or `electron . FOLDER` as an absolute path, null without one. Options are Chromium's and
 * Electron's; `appPath` is where the app itself lies, which is an argument too unless it is packaged.
 */
export function folderArgument(
  argv: readonly string[],
  { appPath, packaged, workingDirectory }: { appPath: string; packaged: boolean; workingDirectory: string },
): string | null {
  const names = argv.slice(1).filter((argument) => !argument.startsWith("-"));
  const app = packaged
    ? -1
    : names.findIndex((name) => {
        const resolved = path.resolve(workingDirectory, name);
        return resolved === path.resolve(appPath) || path.dirname(resolved) === path.resolve(appPath);
      });
  const folder = names[app + 1];
  return folder === undefined ? null : openedFolder(path.resolve(workingDirectory, localPath(folder)));
}

/** File managers of Linux name what they open by its address (`%U` in the menu's entry): `file:///home/me/M%C3%BCnster`. */
function localPath(argument: string): string {
  if (!argument.startsWith("file://")) {
    return argument;
  }
  try {
    return fileURLToPath(argument);
  } catch {
    // Another machine's (`file://server/share`), or no address at all: it is told as a folder that isn't there.
    return argument;
  }
}
