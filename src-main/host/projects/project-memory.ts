import path from "node:path";
import type { ProjectFile } from "#shared/project/project-file.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { saveProjectFile } from "./project-storage.ts";
import type { LoadedProjectFile, ProjectLocation } from "./project-storage.ts";

/** What the user decided about a project, kept in step with its file. */
export class ProjectMemory {
  readonly #location: ProjectLocation;
  readonly #mayBeSaved: boolean;
  #file: ProjectFile;
  #saving: Promise<void> = Promise.resolve();

  constructor(location: ProjectLocation, loaded: LoadedProjectFile) {
    this.#location = location;
    this.#mayBeSaved = loaded.mayBeSaved;
    this.#file = loaded.file;
  }

  get file(): ProjectFile {
    return this.#file;
  }

  /**
   * Takes up a change at once, so that `file` has it before the first wait, and resolves when it is on the disk. Rejects with
   * `conflict` when it can't be written.
   */
  async change(part: Partial<Pick<ProjectFile, "classes" | "view">>): Promise<void> {
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
        await saveProjectFile(this.#location, file);
      }
    });
    this.#saving = turn.catch(() => undefined);
    try {
      await turn;
    } catch (error) {
      throw new RpcError(
        "conflict",
        `${path.basename(this.#location.projectFilePath)} can't be written: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  }

  /** Resolves when nothing is being written; never rejects. */
  settled(): Promise<void> {
    return this.#saving;
  }
}
