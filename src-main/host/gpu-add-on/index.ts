import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, statfs, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { GpuAddOnState } from "#shared/gpu-add-on.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { ChangeSignal } from "../change-signal.ts";
import { fileError } from "../host-error.ts";
import { EtaEstimate } from "../jobs/index.ts";
import { downloadFile } from "./download-file.ts";
import { PUBLIC_INDEX, findWheel } from "./find-wheel.ts";
import type { Wheel } from "./find-wheel.ts";
import { unpackWheel } from "./unpack-wheel.ts";
import pinned from "./wheels.json" with { type: "json" };

/** Everything an add-on is made of, and where from; another in tests. */
export interface GpuAddOnSource {
  readonly tensorflow: Wheel;
  readonly nvidia: readonly Wheel[];
  /** Address of a Python package index. */
  readonly index: string;
  /** The binding between Node and TensorFlow that the app carries; it finds the libraries beside itself. */
  readonly bindingPath: string | null;
}

/** Whether a machine can use it: what is missing in a sentence, or null. */
export type Obstacle = string | null;

/** Unpacked, with the largest wheel beside it. */
const NEEDED_BYTES = 8e9;
const MILLISECONDS_BETWEEN_UPDATES = 250;

/** TensorFlow's CUDA build and NVIDIA's libraries in the user's data folder: fetched, checked, unpacked, taken away. */
export class GpuAddOn {
  readonly #folder: string;
  readonly #source: GpuAddOnSource;
  readonly #obstacle: () => Obstacle;
  readonly #changes = new ChangeSignal(MILLISECONDS_BETWEEN_UPDATES);
  #work: {
    readonly controller: AbortController;
    progress: number;
    detail: string;
    eta: number | null;
  } | null = null;
  /** Resolves when no installation is under way any more. */
  #ended: Promise<void> = Promise.resolve();
  #failure: string | null = null;
  #downloadedBytes = 0;

  constructor(
    dataDirectory: string,
    {
      source = publicSource(),
      obstacle = machineObstacle,
    }: { source?: GpuAddOnSource; obstacle?: () => Obstacle } = {},
  ) {
    this.#folder = path.join(dataDirectory, "gpu");
    this.#source = source;
    this.#obstacle = obstacle;
  }

  /** `lib/` with TensorFlow's libraries, `nvidia/` and the binding are in it. */
  get directory(): string {
    return path.join(this.#folder, `${this.#source.tensorflow.version}-${process.platform}-${process.arch}`);
  }

  /** The binding that engines load, null where there is no add-on, or `ORTHOMASK_TENSORFLOW=cpu` says not to use it. */
  bindingPath(): string | null {
    const file = path.join(this.directory, "tfjs_binding.node");
    return existsSync(file) && process.env["ORTHOMASK_TENSORFLOW"] !== "cpu" ? file : null;
  }

  state(): GpuAddOnState {
    if (this.#work !== null) {
      const { progress, detail, eta } = this.#work;
      return { kind: "installing", progress, detail, etaSeconds: eta };
    }
    if (existsSync(path.join(this.directory, "tfjs_binding.node"))) {
      return { kind: "installed", displayPath: this.directory };
    }
    if (this.#failure !== null) {
      return { kind: "failed", reason: this.#failure };
    }
    const obstacle = this.#obstacle();
    return obstacle === null
      ? { kind: "absent", downloadedBytes: this.#downloadedBytes }
      : { kind: "unavailable", reason: obstacle };
  }

  onChange(listener: () => void): () => void {
    return this.#changes.listen(listener);
  }

  /** Begins, or does nothing where it has begun; `state` tells the rest, also that the machine can't use it. */
  begin(): void {
    if (this.#work === null) {
      void this.install({ signal: new AbortController().signal }).catch(() => undefined);
    }
  }

  stop(): void {
    this.#work?.controller.abort(new RpcError("cancelled", "Stopped."));
  }

  async remove(): Promise<void> {
    this.stop();
    // It would go on writing below what is being removed.
    await this.#ended;
    this.#failure = null;
    this.#downloadedBytes = 0;
    await rm(this.#folder, { recursive: true, force: true });
    this.#changes.emit();
  }

  /** Installs it, going on where an earlier try ended; resolves when it is whole. */
  async install({
    signal,
    onProgress,
  }: {
    readonly onProgress?: (share: number, detail: string) => void;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const obstacle = this.#obstacle();
    if (obstacle !== null) {
      throw new RpcError("unsupported", obstacle);
    }
    if (this.#work !== null) {
      throw new RpcError("conflict", "The GPU add-on is being installed already.");
    }
    const controller = new AbortController();
    const estimate = new EtaEstimate();
    const work = { controller, progress: 0, detail: "asking the index", eta: null as number | null };
    this.#work = work;
    let hasEnded: () => void = () => undefined;
    this.#ended = new Promise((resolve) => {
      hasEnded = resolve;
    });
    this.#failure = null;
    this.#changes.emit();
    try {
      await this.#carryOut(AbortSignal.any([signal, controller.signal]), (progress, detail) => {
        work.progress = progress;
        work.detail = detail;
        work.eta = estimate.after(progress, false);
        this.#changes.emit();
        onProgress?.(progress, detail);
      });
    } catch (error) {
      if (!controller.signal.aborted && !signal.aborted) {
        const told = fileError(error, null);
        this.#failure = told instanceof Error ? told.message : String(told);
      }
      throw error;
    } finally {
      this.#work = null;
      hasEnded();
      this.#changes.emit();
    }
  }

  async #carryOut(signal: AbortSignal, onProgress: (share: number, detail: string) => void): Promise<void> {
    const { tensorflow, nvidia, index, bindingPath } = this.#source;
    if (bindingPath === null) {
      throw new RpcError("unsupported", "TensorFlow's binding for Node is not there. Run `npm start` once.");
    }
    const work = `${this.directory}.partial`;
    const downloads = path.join(this.#folder, "downloads");
    await mkdir(work, { recursive: true });
    await mkdir(downloads, { recursive: true });
    const { bavail, bsize } = await statfs(this.#folder);
    const wheels = [tensorflow, ...nvidia];
    const done = new Set(await readdir(work));
    if (index === PUBLIC_INDEX && done.size === 0 && bavail * bsize < NEEDED_BYTES) {
      throw new RpcError(
        "conflict",
        `${this.#folder} has ${((bavail * bsize) / 1e9).toFixed(1)} GB free, and the GPU add-on needs ${NEEDED_BYTES / 1e9} GB. Make room and try again.`,
      );
    }
    for (const [position, wheel] of wheels.entries()) {
      const mark = `.${wheel.name}-${wheel.version}`;
      if (done.has(mark)) {
        continue;
      }
      const part = (share: number): number => (position + share) / wheels.length;
      const url = await findWheel(wheel, { index, signal });
      const file = path.join(downloads, `${wheel.sha256}.whl`);
      const total = await contentLength(url, signal);
      await downloadFile(url, file, {
        sha256: wheel.sha256,
        signal,
        onProgress: (bytes) => {
          this.#downloadedBytes = bytes;
          const share = total === null ? 0 : Math.min(1, bytes / total);
          onProgress(part(share * 0.8), `${wheel.name}: ${(bytes / 1e6).toFixed(0)} MB`);
        },
      });
      onProgress(part(0.85), `${wheel.name}: unpacking`);
      await unpackWheel(file, work, { signal, place: wheel === tensorflow ? libraryOf : ofNvidia });
      await writeFile(path.join(work, mark), "");
      await rm(file);
    }
    await copyFile(bindingPath, path.join(work, "tfjs_binding.node"));
    await rm(this.directory, { recursive: true, force: true });
    // With its name it is whole: nothing looks into the other one.
    await rename(work, this.directory);
    await rm(downloads, { recursive: true, force: true });
    onProgress(1, "done");
  }
}

/** The size that a server gives; null where it doesn't. */
async function contentLength(url: string, signal: AbortSignal): Promise<number | null> {
  const answer = await fetch(url, { method: "HEAD", signal }).catch(() => null);
  signal.throwIfAborted();
  const length = Number(answer?.headers.get("content-length"));
  return answer?.ok === true && length > 0 ? length : null;
}

/** TensorFlow's libraries look for NVIDIA's in `../nvidia` from where they lie (their RUNPATH), so `lib` stands beside it. */
function libraryOf(name: string): string | null {
  const match = /^tensorflow\/(libtensorflow[^/]*)$/.exec(name);
  return match?.[1] === undefined ? null : path.join("lib", match[1]);
}

function ofNvidia(name: string): string | null {
  return name.startsWith("nvidia/") ? name : null;
}

function publicSource(): GpuAddOnSource {
  return {
    tensorflow: pinned.tensorflow,
    nvidia: pinned.nvidia,
    index: process.env["ORTHOMASK_PACKAGE_INDEX"] ?? PUBLIC_INDEX,
    bindingPath: ownBinding(),
  };
}

function ownBinding(): string | null {
  try {
    const packageFile = createRequire(import.meta.url).resolve("@tensorflow/tfjs-node-gpu/package.json");
    const file = path.join(path.dirname(packageFile), "lib/napi-v8/tfjs_binding.node");
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}

/** CUDA's build is for Linux on x64 with NVIDIA's driver. */
function machineObstacle(): Obstacle {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return `TensorFlow's CUDA build is for Linux on x64, and this is ${process.platform} on ${process.arch}.`;
  }
  return existsSync("/proc/driver/nvidia/version")
    ? null
    : "No NVIDIA driver is loaded here. Install NVIDIA's driver for CUDA 12, restart, and try again.";
}
