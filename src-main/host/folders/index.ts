import { createHash } from "node:crypto";
import { readdir, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import {
  filePurposeSchema,
  type Dropped,
  type FilePurpose,
  type Folder,
  type PickableFile,
} from "#shared/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { isBelow, readVectorExtensions } from "../../raster/index.ts";
import type { HostOptions } from "../host-options.ts";
import { EventQueue } from "../event-queue.ts";
import { countImages, PROJECT_FILE } from "../projects/index.ts";
import { runLimited } from "../run-limited.ts";

/** A folder's children that are shown; a folder with more is no place to browse. */
const LARGEST_LISTING = 2000;
const LISTED_AT_ONCE = 16;
/** More are dropped by mistake only. */
const MOST_DROPPED = 64;

/**
 * The folders a page may name: it gets ids for those it was shown, never says a path. Listing never leaves the allowed roots, also
 * not through links; a folder chosen in the native dialog is allowed because the user chose it there.
 */
export class Folders {
  readonly #options: Pick<HostOptions, "allowedRoots" | "shell">;
  readonly #granted = new Map<string, string>();
  /** Paths outside the roots that may be opened: chosen in the native dialog, named at the start, or our own sample. */
  readonly #trusted = new Set<string>();
  /** Pages that hear what is dropped on the window. */
  readonly #dropListeners = new Set<EventQueue<Dropped>>();

  constructor(options: Pick<HostOptions, "allowedRoots" | "shell">) {
    this.#options = options;
  }

  /** The folder chosen in the native dialog, null when the user left it; `unsupported` where there is none. */
  async choose(): Promise<Folder | null> {
    const { shell } = this.#options;
    if (!shell.capabilities.nativeFolderDialog) {
      throw new RpcError("unsupported", "There is no native folder dialog here; browse the allowed folders.");
    }
    const chosen = await shell.chooseFolder();
    if (chosen === null) {
      return null;
    }
    const folderPath = await realpath(chosen);
    this.trust(folderPath);
    return this.#describe(folderPath);
  }

  /**
   * Tells every page what the user dropped on the window: the first folder or project's file of it, else the file that is good for most. The paths are the
   * shell's word, never a page's: what is dropped was chosen by the user, as in the native dialog. Throws `not-found` where nothing of it is there.
   */
  async takeDropped(paths: readonly string[]): Promise<void> {
    const found = await Promise.all(paths.slice(0, MOST_DROPPED).map((dropped) => this.#lookAt(dropped)));
    const [best] = found
      .filter((dropped) => dropped !== null)
      .toSorted((first, second) => usesOf(second) - usesOf(first));
    if (best === undefined) {
      throw new RpcError("not-found", `${paths[0] ?? "What was dropped"} can't be read.`);
    }
    for (const listener of this.#dropListeners) {
      listener.push(best);
    }
  }

  /** What is dropped on the window from now on. */
  async *dropped(options: { readonly signal: AbortSignal }): AsyncGenerator<Dropped> {
    const queue = new EventQueue<Dropped>((_, next) => next);
    this.#dropListeners.add(queue);
    try {
      yield* queue.items(options);
    } finally {
      this.#dropListeners.delete(queue);
    }
  }

  async #lookAt(dropped: string): Promise<Dropped | null> {
    const real = await realpath(dropped).catch(() => null);
    const found = real === null ? null : await stat(real).catch(() => null);
    if (real === null || found === null) {
      return null;
    }
    const folderPath = found.isDirectory()
      ? real
      : path.basename(real) === PROJECT_FILE
        ? path.dirname(real)
        : null;
    if (folderPath !== null) {
      this.trust(folderPath);
      return { kind: "folder", folder: await this.#describe(folderPath) };
    }
    if (!found.isFile()) {
      return null;
    }
    const name = path.basename(real);
    return {
      kind: "file",
      file: { fileId: this.grant(real), name, displayPath: real, bytes: found.size },
      purposes: filePurposeSchema.options.filter((purpose) => serves(name, purpose)),
    };
  }

  /** Where browsing begins. */
  async roots(): Promise<Folder[]> {
    const roots = await this.#realRoots();
    return Promise.all((roots ?? [await realpath(homedir())]).map((root) => this.#describe(root)));
  }

  /** A folder with the folders in it. */
  async list(
    folderId: string,
  ): Promise<{ readonly folder: Folder; readonly parentId: string | null; readonly children: Folder[] }> {
    const folderPath = await this.resolve(folderId);
    let names: string[];
    try {
      const entries = await readdir(folderPath, { withFileTypes: true });
      names = entries
        .filter((entry) => !entry.name.startsWith(".") && (entry.isDirectory() || entry.isSymbolicLink()))
        .map((entry) => entry.name);
    } catch (error) {
      throw new RpcError(
        "invalid-input",
        `${folderPath} can't be listed: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
    const sorted = names
      .toSorted(new Intl.Collator("en", { numeric: true }).compare)
      .slice(0, LARGEST_LISTING);
    const roots = await this.#realRoots();
    const children = new Array<Folder | null>(sorted.length).fill(null);
    await runLimited(sorted, LISTED_AT_ONCE, async (name, index) => {
      const child = await allowedFolder(path.join(folderPath, name), roots);
      children[index] = child === null ? null : await this.#describe(child, name);
    });
    const parent = await allowedFolder(path.dirname(folderPath), roots);
    return {
      folder: await this.#describe(folderPath),
      parentId: parent === null || parent === folderPath ? null : this.grant(parent),
      children: children.filter((child) => child !== null),
    };
  }

  /** Files in a folder whose names end as those that serve a purpose do. */
  async files(folderId: string, purpose: FilePurpose): Promise<PickableFile[]> {
    const folderPath = await this.resolve(folderId);
    const entries = await readdir(folderPath, { withFileTypes: true }).catch(() => []);
    const names = entries
      .filter((entry) => !entry.name.startsWith(".") && !entry.isDirectory() && serves(entry.name, purpose))
      .map(({ name }) => name)
      .toSorted(new Intl.Collator("en", { numeric: true }).compare)
      .slice(0, LARGEST_LISTING);
    const files = await Promise.all(
      names.map(async (name): Promise<PickableFile | null> => {
        const filePath = path.join(folderPath, name);
        const found = await stat(filePath).catch(() => null);
        return found?.isFile() === true
          ? { fileId: this.grant(filePath), name, displayPath: filePath, bytes: found.size }
          : null;
      }),
    );
    return files.filter((file) => file !== null);
  }

  /** The path of a file that a listing offered; rejects with `not-found` when it is gone or a link leads out of the allowed folders. */
  async resolveFile(fileId: string): Promise<string> {
    const filePath = this.#pathOf(fileId);
    const real = await realpath(filePath).catch(() => null);
    if (real === null || !(await stat(real)).isFile() || !(await this.isAllowed(path.dirname(real)))) {
      throw new RpcError("not-found", `${filePath} is gone, or not below a folder that may be browsed.`);
    }
    return real;
  }

  /** Makes a folder one that the page may name, and says by which id. */
  grant(folderPath: string): string {
    const id = `f-${createHash("sha256").update(folderPath).digest("hex").slice(0, 16)}`;
    this.#granted.set(id, folderPath);
    return id;
  }

  /** Lets a folder outside the allowed roots be opened, because the user named it in another way than through a page. */
  trust(folderPath: string): void {
    this.#trusted.add(folderPath);
  }

  /** The path of a granted folder, looked at again since a link may lead elsewhere by now; rejects with `not-found`. */
  async resolve(folderId: string): Promise<string> {
    const folderPath = this.#pathOf(folderId);
    await this.#expectAllowed(folderPath);
    return folderPath;
  }

  #pathOf(folderId: string): string {
    const folderPath = this.#granted.get(folderId);
    if (folderPath === undefined) {
      throw new RpcError("not-found", "This folder was not offered; choose one from the list.");
    }
    return folderPath;
  }

  /** Whether a folder lies below the allowed roots, links followed. */
  async isAllowed(folderPath: string): Promise<boolean> {
    const roots = this.#trusted.has(folderPath) ? null : await this.#realRoots();
    return (await allowedFolder(folderPath, roots)) !== null;
  }

  async #expectAllowed(folderPath: string): Promise<void> {
    if (!(await this.isAllowed(folderPath))) {
      throw new RpcError("not-found", `${folderPath} is gone, or not below a folder that may be browsed.`);
    }
  }

  async #describe(folderPath: string, name?: string): Promise<Folder> {
    let mosaicCount = 0;
    try {
      mosaicCount = await countImages(folderPath);
    } catch {
      // A folder that may not be read has nothing to open.
    }
    return {
      folderId: this.grant(folderPath),
      name: name ?? (path.basename(folderPath) || folderPath),
      displayPath: folderPath,
      mosaicCount,
    };
  }

  /** Null: anywhere. Roots that are gone are left out. */
  async #realRoots(): Promise<string[] | null> {
    const { allowedRoots } = this.#options;
    if (allowedRoots === "anywhere") {
      return null;
    }
    const roots = await Promise.all(allowedRoots.map((root) => realpath(root).catch(() => null)));
    return [...new Set(roots.filter((root) => root !== null))];
  }
}

function usesOf(dropped: Dropped): number {
  return dropped.kind === "folder" ? Infinity : dropped.purposes.length;
}

const maskExtensions = [".tif", ".tiff", ".png"];

/** How names of files end that serve a purpose, in small letters. */
const extensions: Readonly<Record<FilePurpose, readonly string[]>> = {
  /** Keras' formats, and checkpoints of ours. */
  weights: [".h5", ".hdf5", ".keras", ".weights"],
  masks: maskExtensions,
  "judged-masks": maskExtensions,
  polygons: readVectorExtensions,
  "segment-models": [".onnx"],
};

function serves(fileName: string, purpose: FilePurpose): boolean {
  return extensions[purpose].includes(path.extname(fileName).toLowerCase());
}

/** The real path of a folder when it is one and lies below a root; null otherwise. */
async function allowedFolder(folderPath: string, roots: readonly string[] | null): Promise<string | null> {
  try {
    const real = await realpath(folderPath);
    if (!(await stat(real)).isDirectory()) {
      return null;
    }
    return roots === null || roots.some((root) => isBelow(real, root)) ? real : null;
  } catch {
    return null;
  }
}
