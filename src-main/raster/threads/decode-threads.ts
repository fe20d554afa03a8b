import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { decodeUnitsHere, decodeUnitsInto } from "../codecs/decode-units.ts";
import type { EncodedBatch } from "../codecs/encoded-batch.ts";
import type { BlockFormat } from "../tiff/layout.ts";
import type { SampleArray } from "../typed-pixels.ts";
import {
  decodeProtocol,
  type DecodeAnswer,
  type DecodeReady,
  type DecodeRequest,
  type DecodeThreadData,
} from "./messages.ts";
import type { SharedArena } from "./shared-arena.ts";
import type { SpareMemory } from "./spare-memory.ts";
import { compileWasmDecoders } from "./wasm-decoders.ts";

/**
 * Where the threads' program may stand: beside the folder of the built program that this is part of, and, when this runs from its source (tests,
 * benchmarks), where the build puts it.
 */
const places = ["../raster-threads/decode-thread.mjs", "../../../out/raster-threads/decode-thread.mjs"];

const mostThreads = 4;

interface Waiting {
  readonly resolve: (samples: SampleArray[] | null) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
  /** Whether it has said that it speaks our protocol. */
  isReady: boolean;
}

/**
 * Threads that decode blocks, as many as there are cores and at most four, each started when the ones before it are busy.
 *
 * They don't keep the process alive. Where none can be started, blocks are decoded in this thread.
 */
export class DecodeThreads {
  readonly #threads: Thread[] = [];
  readonly #most: number;
  readonly #program: string | null;
  readonly #spare: SpareMemory;
  readonly #arena: SharedArena;
  #decodersModule: WebAssembly.Module | null = null;
  #requests = 0;
  #decoded = 0;
  /** Why no thread can be used: their program is of another build. */
  #otherBuild: Error | null = null;

  /** `spare` gets the memory of batches back once they are decoded; threads can write into `arena`. */
  constructor(
    spare: SpareMemory,
    arena: SharedArena,
    most = Math.min(mostThreads, availableParallelism()),
    program = findProgram(),
  ) {
    this.#spare = spare;
    this.#arena = arena;
    this.#most = most;
    this.#program = program;
  }

  /** Batches that threads have decoded so far, for tests that want to know that they are used. */
  get batchesDecoded(): number {
    return this.#decoded;
  }

  /** Threads running now. */
  get size(): number {
    return this.#threads.length;
  }

  /**
   * Decodes a batch, each unit to its place in the arena, or into memory of its own; its bytes are moved away and must not be used after.
   *
   * @returns the samples, null when they are in their places
   * @throws Error whose message says what is wrong with a block, or that the threads' program is of another build than this one
   */
  async decode(
    format: BlockFormat,
    batch: EncodedBatch,
    places: readonly number[] | null,
  ): Promise<SampleArray[] | null> {
    if (this.#otherBuild !== null) {
      throw this.#otherBuild;
    }
    const thread = this.#leastBusy();
    if (thread === null) {
      if (places === null) {
        return decodeUnitsHere(format, batch);
      }
      await decodeUnitsInto(format, batch, null, { memory: this.#arena.memory, places });
      return null;
    }
    return this.#ask(thread, format, batch, places);
  }

  /** Answers the samples; null when they are in their places. */
  #ask(
    thread: Thread,
    format: BlockFormat,
    batch: EncodedBatch,
    places: readonly number[] | null,
  ): Promise<SampleArray[] | null> {
    this.#requests += 1;
    const id = this.#requests;
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, { resolve, reject });
      // Referenced only while somebody waits: an idle thread must not hold the process.
      thread.worker.ref();
      thread.worker.postMessage({ id, format, batch, places } satisfies DecodeRequest, [batch.bytes.buffer]);
    });
  }

  /** Ends all threads if none of them is at work, so that nobody knows the arena's memory any more; answers whether it did. */
  closeIdle(): boolean {
    if (this.#threads.some(({ waiting }) => waiting.size > 0)) {
      return false;
    }
    void this.close();
    return true;
  }

  /** Ends all threads; what they were decoding is rejected. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  #leastBusy(): Thread | null {
    if (this.#program === null) {
      return null;
    }
    let best: Thread | null = null;
    for (const thread of this.#threads) {
      if (best === null || thread.waiting.size < best.waiting.size) {
        best = thread;
      }
    }
    if (best === null || (best.waiting.size > 0 && this.#threads.length < this.#most)) {
      return this.#start(this.#program);
    }
    return best;
  }

  #start(program: string): Thread {
    this.#decodersModule ??= compileWasmDecoders(join(dirname(program), "decoders.wasm"));
    const workerData: DecodeThreadData = {
      decodersModule: this.#decodersModule,
      arena: this.#arena.memory,
    };
    // The host's own flags (an inspector's port, a test runner's loader) are not the threads'.
    const worker = new Worker(program, { execArgv: [], name: "raster", workerData });
    const thread: Thread = { worker, waiting: new Map(), isReady: false };
    this.#threads.push(thread);
    worker.unref();
    worker.on("message", (answer: DecodeReady | DecodeAnswer) => {
      if (!thread.isReady) {
        // The first word counts: threads from before there was a handshake begin with an answer.
        thread.isReady = answer.kind === "ready" && answer.protocol === decodeProtocol;
        if (!thread.isReady) {
          this.#otherBuild = new Error(
            `${program} is of another build than this program (it speaks protocol ${answer.kind === "ready" ? answer.protocol : 0}, ` +
              `expected ${decodeProtocol}); \`npm run build\` makes it anew`,
          );
          ended(this.#otherBuild);
          void worker.terminate();
        }
        return;
      }
      if (answer.kind === "ready") {
        return;
      }
      const waiting = thread.waiting.get(answer.id);
      thread.waiting.delete(answer.id);
      this.#spare.give(answer.spent);
      if (thread.waiting.size === 0) {
        worker.unref();
      }
      if (answer.kind === "failed") {
        waiting?.reject(new Error(answer.reason));
      } else {
        this.#decoded += 1;
        waiting?.resolve(answer.kind === "decoded" ? answer.samples : null);
      }
    });
    const ended = (error: Error): void => {
      const place = this.#threads.indexOf(thread);
      if (place >= 0) {
        this.#threads.splice(place, 1);
      }
      thread.waiting.forEach(({ reject }) => {
        reject(error);
      });
      thread.waiting.clear();
    };
    worker.on("error", (error) => {
      ended(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on("exit", (code) => {
      ended(new Error(`a decoding thread ended with code ${code}`));
    });
    return thread;
  }
}

function findProgram(): string | null {
  for (const place of places) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path)) {
      return path;
    }
  }
  return null;
}
