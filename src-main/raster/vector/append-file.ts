import { readSync, writeSync } from "node:fs";
import { createAtomicFile, writeError, type AtomicFile, type BeforeRename } from "../write/atomic-file.ts";

const bufferBytes = 1 << 20;

/**
 * A file written from front to back, through a buffer, that appears under its name only when complete.
 *
 * Writing is synchronous: it goes to the system's cache at memory speed, and what is written need not be kept until a promise resolves.
 */
export class AppendFile {
  readonly #file: AtomicFile;
  readonly #filePath: string;
  readonly #buffer = new Uint8Array(bufferBytes);
  #buffered = 0;
  #written = 0;

  private constructor(file: AtomicFile, filePath: string) {
    this.#file = file;
    this.#filePath = filePath;
  }

  /** A file of this path; with `helper`, one beside it that only helps to write it: errors name the file that was asked for. */
  static async create(filePath: string, helper = ""): Promise<AppendFile> {
    return new AppendFile(await createAtomicFile(`${filePath}${helper}`), filePath);
  }

  get #descriptor(): number {
    return this.#file.handle.fd;
  }

  /** Bytes appended so far. */
  get length(): number {
    return this.#written + this.#buffered;
  }

  append(bytes: Uint8Array): void {
    if (this.#buffered + bytes.length > bufferBytes) {
      this.flush();
      if (bytes.length >= bufferBytes) {
        this.#write(bytes, this.#written);
        this.#written += bytes.length;
        return;
      }
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /** Hands the buffer to the system. */
  flush(): void {
    this.#write(this.#buffer.subarray(0, this.#buffered), this.#written);
    this.#written += this.#buffered;
    this.#buffered = 0;
  }

  /** Fills `bytes` with what was appended from `position` on. */
  read(bytes: Uint8Array, position: number): void {
    if (position + bytes.length > this.#written) {
      this.flush();
    }
    for (let done = 0; done < bytes.length;) {
      const count = readSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      if (count === 0) {
        throw new Error(`${this.#filePath} was cut short while it was written`);
      }
      done += count;
    }
  }

  /** Replaces bytes that were appended before. */
  overwrite(bytes: Uint8Array, position: number): void {
    this.flush();
    this.#write(bytes, position);
  }

  async commit(beforeRename?: BeforeRename): Promise<void> {
    try {
      this.flush();
      await this.#file.commit(beforeRename);
    } catch (error) {
      await this.discard();
      throw writeError(error, this.#filePath);
    }
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }

  #write(bytes: Uint8Array, position: number): void {
    try {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      }
    } catch (error) {
      throw writeError(error, this.#filePath);
    }
  }
}
