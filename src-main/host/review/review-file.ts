import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import {
  emptyReview,
  REVIEW_FILE_VERSION,
  reviewFileSchema,
  type ReviewFile,
} from "#shared/labels/review-cells.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { fileError } from "../host-error.ts";
import { makeFolder } from "../make-folder.ts";
import { parseVersionedJson } from "../parse-versioned-json.ts";
import { writeFileWhole } from "../write-file-whole.ts";

const FILE_NAME = "review.json";

/** The states of a project's cells on disk. */
export class ReviewStore {
  readonly #filePath: string;
  #known: ReviewFile = emptyReview;
  #stamp: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  /** The storage directory need not exist yet. */
  constructor(storageDirectory: string) {
    this.#filePath = path.join(storageDirectory, FILE_NAME);
  }

  /** What was read or written last. */
  get current(): ReviewFile {
    return this.#known;
  }

  /** Reads the file where it has changed since. Throws `invalid-input` for a damaged file, `unsupported` for a newer one. */
  load(): Promise<ReviewFile> {
    return this.#inTurn(() => this.#read());
  }

  /**
   * Changes what is kept, from what the file says now: another Orthomask may have written it. On the disk when the promise resolves; rejects
   * with `conflict` where it can't be written, and leaves a file alone that can't be understood.
   */
  change(make: (before: ReviewFile) => ReviewFile): Promise<ReviewFile> {
    return this.#inTurn(async () => {
      const after = make(await this.#read());
      try {
        await makeFolder(path.dirname(this.#filePath));
        await writeFileWhole(this.#filePath, JSON.stringify(after));
      } catch (error) {
        const shown = fileError(error);
        throw new RpcError(
          "conflict",
          `${FILE_NAME} can't be written: ${shown instanceof Error ? shown.message : String(shown)}`,
          { cause: error },
        );
      }
      this.#known = after;
      this.#stamp = await this.#stampNow();
      return after;
    });
  }

  async #read(): Promise<ReviewFile> {
    const stamp = await this.#stampNow();
    if (stamp !== this.#stamp) {
      const text = stamp === null ? null : await readFile(this.#filePath, "utf8");
      this.#known =
        text === null
          ? emptyReview
          : parseVersionedJson(text, this.#filePath, {
              schema: reviewFileSchema,
              version: REVIEW_FILE_VERSION,
            });
      this.#stamp = stamp;
    }
    return this.#known;
  }

  async #stampNow(): Promise<string | null> {
    const found = await stat(this.#filePath).catch(() => null);
    return found === null ? null : `${found.mtimeMs}/${found.size}/${found.ino}`;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
