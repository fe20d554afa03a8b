import path from "node:path";
import type { ProjectFile } from "#shared/project/project-file.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { fileError } from "../host-error.ts";
import { keepAside, PROJECT_FILE, saveProjectFile } from "./project-storage.ts";
import type { LoadedProjectFile, ProjectLocation } from "./project-storage.ts";

/** What the user decided about a project, kept in step with its file. */
export class ProjectMemory {
  readonly #location: ProjectLocation;
  readonly #mayBeSaved: boolean;
  /** The damaged file that is still in the way. */
  #damagedPath: string | null;
  readonly #onKeptAside: (message: string) => void;
  #file: ProjectFile;
  #saving: Promise<void> = Promise.resolve();

  /** `onKeptAside` hears, in a sentence, where a damaged file went when the first save took its place. */
  constructor(
    location: ProjectLocation,
    loaded: LoadedProjectFile,
    onKeptAside: (message: string) => void = () => undefined,
  ) {
    this.#location = location;
    this.#mayBeSaved = loaded.mayBeSaved;
    this.#damagedPath = loaded.damagedPath;
    this.#onKeptAside = onKeptAside;
    this.#file = loaded.file;
  }

  get file(): ProjectFile {
    return this.#file;
  }

  /**
   * Takes up a change at once, so that `file` has it before the first wait, and resolves when it is on the disk. Rejects with
   * `conflict` when it can't be written.
   */
  async change(part: Partial<Pick<ProjectFile, "classes" | "view" | "display" | "training">>): Promise<void> {
    if (!this.#mayBeSaved) {
      throw new RpcError(
        "conflict",
        "This project was saved by a newer Orthomask, so nothing is changed in it. Update Orthomask to go on with it.",
      );
    }
    const file = { ...this.#file, ...part };
    this.#file = file;
    const turn = this.#saving.then(async () => {
      // What has been overtaken by a later change in the meantime is written by that one.
      if (this.#file === file) {
        await this.#keepDamagedAside();
        await saveProjectFile(this.#location, file);
      }
    });
    this.#saving = turn.catch(() => undefined);
    try {
      await turn;
    } catch (error) {
      throw new RpcError(
        "conflict",
        `${path.basename(this.#location.projectFilePath)} can't be written: ${messageOf(fileError(error))}`,
        { cause: error },
      );
    }
  }

  async #keepDamagedAside(): Promise<void> {
    if (this.#damagedPath !== null) {
      const name = await keepAside(this.#damagedPath);
      this.#damagedPath = null;
      this.#onKeptAside(
        `${PROJECT_FILE} could not be read and was replaced; the damaged one is kept as ${name}.`,
      );
    }
  }

  /** Resolves when nothing is being written; never rejects. */
  settled(): Promise<void> {
    return this.#saving;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
