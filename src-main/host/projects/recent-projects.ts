import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { writeFileWhole } from "../write-file-whole.ts";
import { makeFolder } from "../make-folder.ts";

/** A folder that was opened before. */
export interface RecentEntry {
  readonly folderPath: string;
  /** ISO 8601. */
  readonly openedAt: string;
}

const REMEMBERED = 12;
const FILE_NAME = "recent-projects.json";

const fileSchema = z.object({
  version: z.literal(1),
  projects: z.array(z.object({ folderPath: z.string(), openedAt: z.iso.datetime() })),
});

/** The folders that were opened last, kept in the data directory. */
export class RecentProjects {
  readonly #filePath: string;
  readonly #listeners = new Set<() => void>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(dataDirectory: string) {
    this.#filePath = path.join(dataDirectory, FILE_NAME);
  }

  /** Newest first; folders that are gone are left out, and come back when they do. */
  async list(): Promise<RecentEntry[]> {
    const entries = await this.#read();
    const there = await Promise.all(entries.map(({ folderPath }) => isFolder(folderPath)));
    return entries.filter((_, index) => there[index] === true);
  }

  /** Puts a folder first. The list is a convenience: where it can't be written, it isn't. */
  async add(folderPath: string): Promise<void> {
    const turn = this.#turn.then(async () => {
      const others = (await this.#read()).filter((entry) => entry.folderPath !== folderPath);
      const projects = [{ folderPath, openedAt: new Date().toISOString() }, ...others].slice(0, REMEMBERED);
      await makeFolder(path.dirname(this.#filePath));
      await writeFileWhole(this.#filePath, `${JSON.stringify({ version: 1, projects }, null, 2)}\n`);
    });
    this.#turn = turn.catch(() => undefined);
    await this.#turn;
    for (const listener of this.#listeners) {
      listener();
    }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #read(): Promise<RecentEntry[]> {
    try {
      return fileSchema.parse(JSON.parse(await readFile(this.#filePath, "utf8"))).projects;
    } catch {
      // Not there yet, or damaged: it is written anew with the next folder.
      return [];
    }
  }
}

async function isFolder(folderPath: string): Promise<boolean> {
  try {
    return (await stat(folderPath)).isDirectory();
  } catch {
    return false;
  }
}
