import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { RpcError } from "#shared/rpc/errors.ts";
import { FolderProject } from "./folder-project.ts";
import { isErrno, isRasterName, listFolder } from "./list-folder.ts";
import { projectIdOf } from "./project-id.ts";
import { loadProjectFile, locateProject, PROJECT_FILE } from "./project-storage.ts";
import type { Project } from "./project.ts";
import { RecentProjects } from "./recent-projects.ts";

export type { LabelRequest, Project } from "./project.ts";
export { countImages, isErrno, isRasterName, listFolder } from "./list-folder.ts";
export { countMask, readMaskIds, type MaskCounts } from "./mask-values.ts";
export { maskBandProblem, maskDisagreement } from "./mask-agreement.ts";
export { addRemoteMosaic } from "./add-remote-mosaic.ts";
export { relocateLinks } from "./relocate-links.ts";
export { openMask } from "./open-mask.ts";
export { PROJECT_FILE } from "./project-storage.ts";
export { classesFromMasks, readClassesFile, CLASSES_FILE } from "./class-discovery.ts";
export type { RecentEntry } from "./recent-projects.ts";

/** The projects that are open, and those that were. */
export class Projects {
  readonly recent: RecentProjects;
  readonly #dataDirectory: string;
  readonly #open = new Map<string, Promise<FolderProject>>();
  readonly #ready = new Map<string, FolderProject>();
  readonly #openListeners = new Set<(project: Project) => void>();
  /** What a page that has just been loaded shows. */
  #current: string | null = null;

  constructor({ dataDirectory }: { readonly dataDirectory: string }) {
    this.#dataDirectory = dataDirectory;
    this.recent = new RecentProjects(dataDirectory);
  }

  /**
   * Opens a folder and begins to read it, or finds it open already. Rejects with `not-found` without such a folder, and with
   * `invalid-input` for a file and for a folder without images. `remember: false` leaves it out of the recent projects.
   */
  async open(folderPath: string, options: { readonly remember?: boolean } = {}): Promise<Project> {
    const realFolderPath = await realFolder(folderPath);
    const id = projectIdOf(realFolderPath);
    let opening = this.#open.get(id);
    if (opening === undefined) {
      opening = this.#load(id, realFolderPath);
      this.#open.set(id, opening);
      opening.catch(() => this.#open.delete(id));
    }
    const isOpenAlready = this.#ready.has(id);
    const project = await opening;
    if (isOpenAlready) {
      // Whoever opens a folder again expects to see what it holds now.
      void project.rescan();
    }
    this.#current = id;
    if (options.remember !== false) {
      await this.recent.add(realFolderPath);
    }
    return project;
  }

  /** An open project; throws `not-found`. */
  get(projectId: string): Project {
    const project = this.#ready.get(projectId);
    if (project === undefined) {
      throw new RpcError("not-found", "This project is not open any more; open its folder again.");
    }
    return project;
  }

  /** The project opened last, null before the first. */
  current(): Project | null {
    return this.#current === null ? null : (this.#ready.get(this.#current) ?? null);
  }

  list(): Project[] {
    return [...this.#ready.values()];
  }

  /** Calls `listener` with each project as it is opened for the first time. */
  onOpen(listener: (project: Project) => void): () => void {
    this.#openListeners.add(listener);
    return () => {
      this.#openListeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#open.values());
    await Promise.all([...this.#ready.values()].map((project) => project.close()));
    this.#open.clear();
    this.#ready.clear();
  }

  async #load(id: string, folderPath: string): Promise<FolderProject> {
    const listing = await listReadable(folderPath);
    const location = await locateProject(folderPath, id, this.#dataDirectory);
    const loaded = await loadProjectFile(location, folderPath);
    const project = new FolderProject({ id, folderPath, location, loaded, listing });
    this.#ready.set(id, project);
    for (const listener of this.#openListeners) {
      listener(project);
    }
    return project;
  }
}

/** The folder's real path, so that a link to it is the same project. */
async function realFolder(folderPath: string): Promise<string> {
  const absolute = path.resolve(folderPath);
  try {
    const real = await realpath(absolute);
    if ((await stat(real)).isDirectory()) {
      return real;
    }
    if (path.basename(real) === PROJECT_FILE) {
      return path.dirname(real);
    }
  } catch (error) {
    if (isErrno(error, ["ENOENT", "ENOTDIR"])) {
      throw new RpcError("not-found", `There is no folder ${absolute}.`, { cause: error });
    }
    throw unreadable(absolute, error);
  }
  throw new RpcError(
    "invalid-input",
    isRasterName(path.basename(absolute))
      ? `${absolute} is a file; open the folder that holds it.`
      : `${absolute} is a file, not a folder of images.`,
  );
}

async function listReadable(folderPath: string): ReturnType<typeof listFolder> {
  let listing: Awaited<ReturnType<typeof listFolder>>;
  try {
    listing = await listFolder(folderPath);
  } catch (error) {
    throw unreadable(folderPath, error);
  }
  // What is elsewhere can only be looked for in a project that is open.
  if (listing.mosaics.length === 0 && listing.lostFolders.length === 0) {
    throw new RpcError(
      "invalid-input",
      `${folderPath} holds no images. Open a folder with GeoTIFF, PNG or JPEG files in it or in its images/ (masks of the same names go in masks/).`,
    );
  }
  return listing;
}

function unreadable(folderPath: string, error: unknown): RpcError {
  return isErrno(error, ["EACCES", "EPERM"])
    ? new RpcError("invalid-input", `You may not read ${folderPath}.`, { cause: error })
    : new RpcError(
        "invalid-input",
        `${folderPath} can't be read: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
}
