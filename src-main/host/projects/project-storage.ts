import { access, constants, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";
import { emptyProjectFile, parseProjectFile } from "#shared/project/project-file.ts";
import type { ProjectFile } from "#shared/project/project-file.ts";
import { writeFileWhole } from "../write-file-whole.ts";
import { isErrno } from "./list-folder.ts";
import { damagedName } from "../damaged-name.ts";
import { makeFolder } from "../make-folder.ts";

/** The file that remembers what the user decided about a folder. */
export const PROJECT_FILE = "orthomask.json";
/** Inside a writable project folder, what Orthomask makes itself. */
const STORAGE_FOLDER = ".orthomask";
/** The version saved last, in case `orthomask.json` gets damaged. */
const LAST_GOOD_FILE = "orthomask.last-good.json";

/** Where a project's own files go. */
export interface ProjectLocation {
  readonly kind: "in-folder" | "apart";
  readonly projectFilePath: string;
  readonly storageDirectory: string;
}

/** What was remembered, and the sentence to show when it could not be read as it stands. */
export interface LoadedProjectFile {
  readonly file: ProjectFile;
  readonly problem: string | null;
  /** False when saving would destroy what a newer program wrote. */
  readonly mayBeSaved: boolean;
  /** The file that can't be read and that the first save would replace: it is to be kept aside before. */
  readonly damagedPath: string | null;
}

/** In the folder where one may write, else below the data directory. */
export async function locateProject(
  folderPath: string,
  projectId: string,
  dataDirectory: string,
): Promise<ProjectLocation> {
  if (await isWritable(folderPath)) {
    return {
      kind: "in-folder",
      projectFilePath: path.join(folderPath, PROJECT_FILE),
      storageDirectory: path.join(folderPath, STORAGE_FOLDER),
    };
  }
  const storageDirectory = path.join(dataDirectory, "projects", projectId);
  return { kind: "apart", projectFilePath: path.join(storageDirectory, PROJECT_FILE), storageDirectory };
}

/** Whether one may, and is meant to, write into a folder: root passes every access check, so the mode's write bits count too. */
export async function isWritable(folderPath: string): Promise<boolean> {
  try {
    await access(folderPath, constants.W_OK);
    return ((await stat(folderPath)).mode & 0o222) !== 0;
  } catch {
    return false;
  }
}

/** Reads what was remembered. Nothing is written: a damaged file stays until the first save, and the version saved before is used. */
export async function loadProjectFile(
  location: ProjectLocation,
  folderPath: string,
): Promise<LoadedProjectFile> {
  // A folder that has become read-only may still hold the file of an earlier session.
  for (const filePath of new Set([location.projectFilePath, path.join(folderPath, PROJECT_FILE)])) {
    const text = await readIfThere(filePath);
    if (text === null) {
      continue;
    }
    const parsed = parseProjectFile(text);
    switch (parsed.kind) {
      case "ok":
        return { file: parsed.file, problem: null, mayBeSaved: true, damagedPath: null };
      case "newer":
        return {
          file: emptyProjectFile,
          problem: `${PROJECT_FILE} was written by a newer Orthomask (format ${parsed.version}): its classes and view are not used, and changes are not saved. Update Orthomask to go on with it.`,
          mayBeSaved: false,
          damagedPath: null,
        };
      case "damaged":
        return await recover(location, filePath, parsed.reason);
    }
  }
  return { file: emptyProjectFile, problem: null, mayBeSaved: true, damagedPath: null };
}

/** Writes what is to be remembered, whole or not at all, with a copy for the day the file gets damaged. */
export async function saveProjectFile(location: ProjectLocation, file: ProjectFile): Promise<void> {
  const text = `${JSON.stringify(file, null, 2)}\n`;
  await makeFolder(path.dirname(location.projectFilePath));
  await writeFileWhole(location.projectFilePath, text);
  await makeFolder(location.storageDirectory);
  await writeFileWhole(path.join(location.storageDirectory, LAST_GOOD_FILE), text);
}

async function recover(
  location: ProjectLocation,
  damagedPath: string,
  reason: string,
): Promise<LoadedProjectFile> {
  const isReplaced = damagedPath === location.projectFilePath;
  const shortReason = (reason.split("\n")[0] ?? reason).slice(0, 120);
  const begun = `${PROJECT_FILE} can't be read (${shortReason}); it is left as it is${
    isReplaced ? ", and kept under another name when something is saved" : ""
  }.`;
  const lastGood = await readIfThere(path.join(location.storageDirectory, LAST_GOOD_FILE));
  const parsed = lastGood === null ? null : parseProjectFile(lastGood);
  return parsed?.kind === "ok"
    ? {
        file: parsed.file,
        problem: `${begun} Classes and view are those of the last version that was saved; check them.`,
        mayBeSaved: true,
        damagedPath: isReplaced ? damagedPath : null,
      }
    : {
        file: emptyProjectFile,
        problem: `${begun} Classes are read from the folder's own files again.`,
        mayBeSaved: true,
        damagedPath: isReplaced ? damagedPath : null,
      };
}

/** Gives a damaged project file another name, so that saving doesn't replace it; answers with the name. */
export async function keepAside(damagedPath: string): Promise<string> {
  const name = damagedName("orthomask", ".json");
  await rename(damagedPath, path.join(path.dirname(damagedPath), name));
  return name;
}

async function readIfThere(filePath: string): Promise<string | null> {
  try {
    return await readFile(filePath, "utf8");
  } catch (error) {
    if (isErrno(error, ["ENOENT", "ENOTDIR"])) {
      return null;
    }
    throw error;
  }
}
