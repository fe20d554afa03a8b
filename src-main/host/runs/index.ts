import { readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { contract } from "#shared/contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Run, RunState } from "#shared/training/run.ts";
import { latestValues } from "../latest-values.ts";
import type { Project } from "../projects/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";
import { clearLeftovers } from "./epoch-weights.ts";
import { claimRun, readRun, recoverRun, releaseRun, runFiles, trainerOf, writeRun } from "./run-files.ts";
import { makeFolder } from "../make-folder.ts";
import { FileVersions, lookEveryFewSeconds } from "../outside-changes.ts";

export { appendLog, claimRun, readRun, releaseRun, runFiles, trainerOf } from "./run-files.ts";
export { expectFinishedEpoch, expectWeights, goBackToBest } from "./expect-weights.ts";
export { keepWeightsSum } from "./weights-sums.ts";
export { clearLeftovers, pendingWeights, settleWeights } from "./epoch-weights.ts";
export { keepGround, readGround } from "./run-ground.ts";
export { cutTornTails } from "./torn-tails.ts";
export { architectureEntry, networkSide } from "./network-side.ts";
export { appendTensorBoard } from "./tensorboard-events.ts";
export { listModels, type ListedModel } from "./list-models.ts";

/** A run and the folder that its files are in. */
export interface StoredRun {
  readonly run: Run;
  readonly directory: string;
}

export interface RunsOptions {
  readonly projects: { get(projectId: string): Project };
  readonly dataDirectory: string;
}

/** All runs of the open projects, newest first, kept in step with their files. */
export class Runs {
  readonly #options: RunsOptions;
  readonly #ofProject = new Map<string, Promise<Map<string, StoredRun>>>();
  readonly #listeners = new Set<() => void>();
  readonly #removeListeners = new Set<(projectId: string, runId: string) => void>();
  /** The `run.json` that each run was last read from or written to. */
  readonly #versions = new FileVersions();
  /** Runs that say they are running though nobody trains them, as of the last look. */
  readonly #abandoned = new WeakSet<StoredRun>();

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /**
   * The runs of a project. One left running by a process that is gone becomes `interrupted`, or `queued` before all others where it had been queued or others
   * of the project still are.
   */
  async list(project: Project): Promise<StoredRun[]> {
    return newestFirst(await this.#runsOf(project));
  }

  /** Throws `not-found`. */
  async get(projectId: string, runId: string): Promise<StoredRun> {
    const runs = await this.#runsOf(this.#options.projects.get(projectId));
    const stored = runs.get(runId);
    if (stored === undefined) {
      throw new RpcError("not-found", `There is no run ${runId} in this project.`);
    }
    return stored;
  }

  /**
   * Writes a new run into `directory`, by default a folder of its own where the project keeps its files; one that waits is claimed for this process. Throws `conflict` when
   * another run is there.
   */
  async add(project: Project, run: Run, directory?: string): Promise<StoredRun> {
    const runs = await this.#runsOf(project);
    const own = directory ?? path.join(runsDirectory(project), run.id);
    const present: readonly string[] = await readdir(own).catch(() => []);
    if (present.includes(runFiles.run)) {
      throw new RpcError(
        "conflict",
        `${own} holds a run already: choose another folder, or resume that one.`,
      );
    }
    const stored: StoredRun = { run, directory: own };
    if (run.state.kind === "queued") {
      // First, so that no other process takes the new run for one that was left.
      await claimRun(own);
    }
    try {
      await writeRun(own, run);
    } catch (error) {
      await releaseRun(own);
      throw error;
    }
    runs.set(run.id, stored);
    await this.#versions.note(path.join(own, runFiles.run));
    await this.#remember(run.id, own);
    this.#changed();
    return stored;
  }

  /** Takes up a run from a folder outside the project's own storage, as `train --out` leaves it. */
  async adopt(project: Project, directory: string): Promise<StoredRun> {
    const stored = await settled({ run: await readRun(directory), directory }, { queued: false });
    (await this.#runsOf(project)).set(stored.run.id, stored);
    this.#changed();
    return stored;
  }

  /** Replaces a run by what `change` makes of it, on disk first; what another process has written meanwhile is kept. */
  async update(projectId: string, runId: string, change: (run: Run) => Run): Promise<Run> {
    const runs = await this.#runsOf(this.#options.projects.get(projectId));
    const { directory, run: known } = await this.get(projectId, runId);
    const file = path.join(directory, runFiles.run);
    const before = (await this.#versions.isOther(file)) ? await readRun(directory).catch(() => known) : known;
    const run = change(before);
    await writeRun(directory, run);
    await this.#versions.note(file);
    runs.set(runId, { directory, run });
    this.#changed();
    return run;
  }

  /** Takes over what another process has done to the runs of a project: trainings on the command line beside the window, and their ends. */
  async look(project: Project): Promise<void> {
    const runs = await this.#runsOf(project);
    const parent = runsDirectory(project);
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => null);
    if (entries === null) {
      return;
    }
    const directories = entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => path.join(parent, name));
    const known = new Map([...runs.values()].map((stored) => [stored.directory, stored]));
    let changed = false;
    for (const directory of directories) {
      const before = known.get(directory);
      const found = await this.#found(directory, before);
      // What this process has written meanwhile is newer than what was read.
      if (found !== null && (before === undefined || runs.get(before.run.id) === before)) {
        runs.set(found.run.id, found);
        changed = true;
      }
    }
    for (const { directory, run } of known.values()) {
      const isGone = path.dirname(directory) === parent && !directories.includes(directory);
      if (isGone && run.state.kind !== "running" && run.state.kind !== "queued") {
        if (runs.delete(run.id)) {
          changed = true;
          this.#removed(project.id, run.id);
        }
      }
    }
    if (changed) {
      this.#changed();
    }
  }

  /** The run in a folder where it isn't the one that was known; null where nothing has changed, or nothing can be read. */
  async #found(directory: string, before: StoredRun | undefined): Promise<StoredRun | null> {
    const file = path.join(directory, runFiles.run);
    if (await this.#versions.isOther(file)) {
      const run = await this.#versions.reading(file, () => readRun(directory)).catch(() => null);
      return run === null || JSON.stringify(run) === JSON.stringify(before?.run) ? null : { run, directory };
    }
    if (before?.run.state.kind !== "running" || (await trainerOf(directory)) !== "none") {
      return null;
    }
    // Twice, since a training that ends lets go of its run before the file that says so is seen.
    if (!this.#abandoned.has(before)) {
      this.#abandoned.add(before);
      return null;
    }
    const left = await settled(before, { queued: false });
    await this.#versions.note(file);
    return left;
  }

  /** Puts these tags on a run in place of those it has; one that is given twice counts once. */
  setTags(projectId: string, runId: string, tags: readonly string[]): Promise<Run> {
    return this.update(projectId, runId, ({ tags: _before, ...run }) =>
      tags.length === 0 ? run : { ...run, tags: [...new Set(tags)] },
    );
  }

  /** Removes a run with all its files; throws `conflict` while it is trained, or waits for its turn in a process that is alive. */
  async remove(projectId: string, runId: string): Promise<void> {
    const runs = await this.#runsOf(this.#options.projects.get(projectId));
    const { run, directory } = await this.get(projectId, runId);
    if (run.state.kind === "running") {
      throw new RpcError("conflict", `${run.name} is still training: stop it first.`);
    }
    if (run.state.kind === "queued" && (await trainerOf(directory)) !== "none") {
      throw new RpcError("conflict", `${run.name} waits to be trained: take it out of the queue first.`);
    }
    await rm(directory, { recursive: true, force: true });
    runs.delete(runId);
    await rm(this.#memoryPath(runId), { force: true });
    this.#removed(projectId, runId);
    this.#changed();
  }

  /** Hears of each run that is gone, here or by another process, so that nothing of it is kept. */
  onRemove(listener: (projectId: string, runId: string) => void): void {
    this.#removeListeners.add(listener);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The folder of a run by its id alone, wherever on this machine it was made; null when nobody remembers it. */
  async findDirectory(runId: string): Promise<string | null> {
    if (!/^[\w.-]+$/.test(runId)) {
      return null;
    }
    try {
      const memory: unknown = JSON.parse(await readFile(this.#memoryPath(runId), "utf8"));
      return typeof memory === "object" &&
        memory !== null &&
        "directory" in memory &&
        typeof memory.directory === "string"
        ? memory.directory
        : null;
    } catch {
      return null;
    }
  }

  implementation(): Implementation<typeof contract>["runs"] {
    return {
      watch: ({ projectId }, { signal }) => this.#watch(projectId, signal),
      rename: async ({ projectId, runId, name }) => {
        await this.update(projectId, runId, (run) => ({ ...run, name }));
      },
      setTags: async ({ projectId, runId, tags }) => {
        await this.setTags(projectId, runId, tags);
      },
      remove: ({ projectId, runId }) => this.remove(projectId, runId),
    };
  }

  async *#watch(projectId: string, signal: AbortSignal): AsyncGenerator<Run[]> {
    const project = this.#options.projects.get(projectId);
    const runs = await this.#runsOf(project);
    const stop = lookEveryFewSeconds(() => this.look(project));
    try {
      yield* latestValues(
        () => newestFirst(runs).map(({ run }) => run),
        (listener) => this.onChange(listener),
        { signal },
      );
    } finally {
      stop();
    }
  }

  #runsOf(project: Project): Promise<Map<string, StoredRun>> {
    let runs = this.#ofProject.get(project.id);
    if (runs === undefined) {
      runs = loadRuns(project, this.#versions).then(async (loaded) => {
        await this.#relocate([...loaded.values()]);
        return loaded;
      });
      this.#ofProject.set(project.id, runs);
    }
    return runs;
  }

  /** A project that was moved is opened once, and its runs are known by their ids again. One whose old folder is still there was copied, and keeps it. */
  async #relocate(stored: readonly StoredRun[]): Promise<void> {
    await Promise.all(
      stored.map(async ({ run, directory }) => {
        const known = await this.findDirectory(run.id);
        const isGone =
          known !== null && known !== directory && (await stat(known).catch(() => null)) === null;
        if (known === null || isGone) {
          // A convenience: where nothing can be written, runs are named by their folders.
          await this.#remember(run.id, directory).catch(() => undefined);
        }
      }),
    );
  }

  /** Remembered apart from the run, so that `predict RUN` finds it without its project. */
  async #remember(runId: string, directory: string): Promise<void> {
    await makeFolder(path.dirname(this.#memoryPath(runId)));
    await writeFileWhole(this.#memoryPath(runId), JSON.stringify({ directory }));
  }

  #memoryPath(runId: string): string {
    return path.join(this.#options.dataDirectory, "run-folders", `${runId}.json`);
  }

  #removed(projectId: string, runId: string): void {
    for (const listener of this.#removeListeners) {
      listener(projectId, runId);
    }
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }
}

function runsDirectory(project: Project): string {
  return path.join(project.storageDirectory, "runs");
}

async function loadRuns(project: Project, versions: FileVersions): Promise<Map<string, StoredRun>> {
  const runs = new Map<string, StoredRun>();
  const found: StoredRun[] = [];
  const parent = runsDirectory(project);
  for (const entry of await readdir(parent, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory()) {
      continue;
    }
    const directory = path.join(parent, entry.name);
    try {
      const file = path.join(directory, runFiles.run);
      found.push({ run: await versions.reading(file, () => readRun(directory)), directory });
    } catch (error) {
      // One damaged run doesn't sink the list.
      const isDamaged = error instanceof RpcError && error.code === "invalid-input";
      const recovered = isDamaged ? await recoverRun(directory) : null;
      if (recovered !== null) {
        found.push({ run: recovered.run, directory });
      }
      project.addProblem({
        id: `run:${entry.name}`,
        severity: "warning",
        file: null,
        mosaicId: null,
        message: recovered?.message ?? (error instanceof Error ? error.message : String(error)),
      });
    }
  }
  const queued = found.some(({ run }) => run.state.kind === "queued");
  for (const stored of found) {
    runs.set(stored.run.id, await settled(stored, { queued }));
  }
  return runs;
}

/** A run that says it is running, though no process trains it, was interrupted; one of a queue waits for its turn again. */
async function settled(stored: StoredRun, { queued }: { readonly queued: boolean }): Promise<StoredRun> {
  const { run, directory } = stored;
  if (run.state.kind !== "running" || (await trainerOf(directory)) !== "none") {
    return stored;
  }
  const state: RunState =
    queued || run.state.fromQueue === true ? { kind: "queued", turn: 0 } : { kind: "interrupted" };
  const left: Run = { ...run, state };
  // In a folder that can only be read it stays as it is, and is judged anew each time.
  await writeRun(directory, left).catch(() => undefined);
  if (state.kind === "interrupted") {
    // What waits for its turn is cleared when that comes.
    await clearAbandoned(directory, left).catch(() => undefined);
  }
  return { run: left, directory };
}

/** Settles the last epoch's weights and removes what the killed process was writing, unless somebody trains the run by now. */
async function clearAbandoned(directory: string, run: Run): Promise<void> {
  if ((await claimRun(directory)) === "kept") {
    return;
  }
  try {
    await clearLeftovers(directory, run);
  } finally {
    await releaseRun(directory);
  }
}

function newestFirst(runs: ReadonlyMap<string, StoredRun>): StoredRun[] {
  return [...runs.values()].toSorted((first, second) =>
    second.run.createdAt.localeCompare(first.run.createdAt),
  );
}
