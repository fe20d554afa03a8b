import { SvelteMap } from "svelte/reactivity";
import type { Prediction } from "#shared/contract.ts";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import type { Mosaic, Problem, ReadyMosaic } from "#shared/project/mosaic.ts";
import type { ProjectSnapshot, ViewState } from "#shared/project/project-snapshot.ts";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import type { RpcError } from "#shared/rpc/errors.ts";
import { queuedRuns } from "#shared/training/run-queue.ts";
import type { Run } from "#shared/training/run.ts";
import { initialDisplay } from "#shared/project/display-state.ts";
import { ClassEditor } from "./class-editor.svelte.ts";
import { DisplayKeeper } from "./display-keeper.svelte.ts";
import { ExportForm } from "./export-form.svelte.ts";
import { Histograms } from "./histograms.svelte.ts";
import type { HostAccess } from "./host-access.ts";
import type { JobList } from "./job-list.svelte.ts";
import { LabelConflictsState } from "./label-conflicts.svelte.ts";
import { Labelling, type LabelSurface } from "./labelling.svelte.ts";
import type { Layers } from "./layers.svelte.ts";
import { LivePrediction } from "./live-prediction.svelte.ts";
import type { MaskJudging } from "./mask-judging.svelte.ts";
import { Places } from "./places.svelte.ts";
import { PredictForm } from "./predict-form.svelte.ts";
import { Results } from "./results.svelte.ts";
import { ReviewProgress } from "./review.svelte.ts";
import { commandOf, type ComputingAction } from "./command-actions.ts";
import { SplitEditor } from "./split-editor.svelte.ts";
import { RunComparing } from "./run-comparing.svelte.ts";
import { RunWatch } from "./run-watch.svelte.ts";
import { TrainingForm } from "./training-form.svelte.ts";
import { watchStream } from "./watch-stream.ts";

/** What a project shares with the window around it. */
export interface ProjectSurroundings {
  readonly host: HostAccess;
  readonly jobs: JobList;
  readonly layers: Layers;
  /** The map that labels are painted on; null before it is drawn. */
  readonly labelSurface: () => LabelSurface | null;
  readonly onLabelFailure: (sentence: string) => void;
  readonly onLabelNote: (sentence: string) => void;
  readonly flyToWindow: (mosaicId: string, pixelWindow: PixelWindow) => void;
  /** The host no longer knows the project: it was restarted. */
  readonly onGone: (error: RpcError) => void;
}

/** The open project: what the host says of it, and what is selected in it. */
export class ProjectState {
  readonly id: string;
  readonly training: TrainingForm;
  readonly results: Results;
  readonly places: Places;
  readonly predicting: PredictForm;
  readonly exporting: ExportForm;
  readonly classEditor: ClassEditor;
  readonly labelling: Labelling;
  readonly review: ReviewProgress;
  readonly live: LivePrediction;
  readonly conflicts: LabelConflictsState;
  readonly runWatch: RunWatch;
  readonly comparing: RunComparing;
  readonly splitEditor: SplitEditor;
  readonly histograms: Histograms;

  readonly #displayKeeper: DisplayKeeper;
  readonly #host: HostAccess;
  readonly #jobs: JobList;
  readonly #layers: Layers;
  readonly #ended = new AbortController();
  #snapshot: ProjectSnapshot;
  #runs: readonly Run[] = $state.raw([]);
  readonly #predictions = new SvelteMap<string, Prediction>();
  #selectedRunId: string | null = $state(null);
  /** False until the host has listed the runs: what was selected before can't be judged until then. */
  #runsListed = false;
  /** Problems that only the page sees, such as tiles that could not be drawn. */
  #pageProblems: readonly Problem[] = $state.raw([]);

  selectedMosaicId: string | null = $state(null);

  private constructor(snapshot: ProjectSnapshot, surroundings: ProjectSurroundings) {
    const { host, jobs, layers } = surroundings;
    this.id = snapshot.projectId;
    this.#snapshot = $state.raw(snapshot);
    this.#host = host;
    this.#jobs = jobs;
    this.#layers = layers;
    this.training = new TrainingForm(host, this.id, () => this.#snapshot.trainingSettings);
    this.results = new Results(host, this.id);
    this.places = new Places(host, this.id, layers);
    this.predicting = new PredictForm(host, this.id);
    this.exporting = new ExportForm(host, this.id);
    this.classEditor = new ClassEditor(host, this.id, snapshot.classes);
    this.conflicts = new LabelConflictsState(host, this.id, layers.ground);
    this.labelling = new Labelling(host, this.id, {
      classes: () => this.#snapshot.classes,
      sizeOf: (mosaicId) => this.readyMosaics.find(({ id }) => id === mosaicId)?.image ?? null,
      mosaicName: (mosaicId) => this.mosaicName(mosaicId),
      runName: (runId) => this.run(runId)?.name ?? "the run",
      predictionRunId: () => layers.predictionRunId,
      predictionObstacle: () => layers.predictionObstacle,
      hasStoredPrediction: (mosaicId) => layers.predictionOf(mosaicId) !== null,
      surface: surroundings.labelSurface,
      onFailure: surroundings.onLabelFailure,
      onNote: surroundings.onLabelNote,
    });
    this.review = new ReviewProgress(host, this.id, {
      mosaics: () => this.readyMosaics,
      predictionMark: (runId) =>
        this.predictionsOf(runId)
          .filter(({ complete }) => complete)
          .map(({ mosaicId, revision }) => `${mosaicId} ${revision}`)
          .sort()
          .join(),
      flyTo: (mosaicId, pixelWindow) => {
        this.selectedMosaicId = mosaicId;
        surroundings.flyToWindow(mosaicId, pixelWindow);
      },
      onFailure: surroundings.onLabelFailure,
      onNote: surroundings.onLabelNote,
    });
    this.live = new LivePrediction(host, this.id, layers);
    this.runWatch = new RunWatch(host, this.id);
    this.comparing = new RunComparing(host, this.id);
    this.splitEditor = new SplitEditor(host, this.id);
    this.histograms = new Histograms(host, this.id);
    const display = snapshot.display ?? initialDisplay;
    layers.restore(display);
    this.selectedMosaicId = display.selectedMosaicId;
    this.#selectedRunId = display.selectedRunId;
    this.#displayKeeper = new DisplayKeeper({
      current: () => {
        const saved = layers.saved();
        // Places that are looked at show the errors for as long: the project isn't opened with them the next time.
        const errors = { ...saved.layers.errors, visible: this.places.errorsStay };
        return {
          ...saved,
          layers: { ...saved.layers, errors },
          selectedMosaicId: this.selectedMosaicId,
          selectedRunId: this.#selectedRunId,
        };
      },
      save: (kept) => {
        void host.client.projects.saveDisplay({ projectId: this.id, display: kept }).catch(() => undefined);
      },
    });
  }

  /** Opens a project on the page: resolves with its first snapshot taken. */
  static open(projectId: string, surroundings: ProjectSurroundings): Promise<ProjectState> {
    return new Promise((resolve, reject) => {
      const ended = new AbortController();
      let project: ProjectState | null = null;
      void watchStream(
        surroundings.host.link,
        (signal) => surroundings.host.client.projects.watch({ projectId }, { signal }),
        (snapshot) => {
          if (project === null) {
            project = new ProjectState(snapshot, surroundings);
            project.#ended.signal.addEventListener("abort", () => {
              ended.abort();
            });
            project.#watch(surroundings);
            project.training.loadNames();
            resolve(project);
          } else {
            project.#takeSnapshot(snapshot);
          }
        },
        {
          signal: ended.signal,
          onRefused: (error) => {
            if (project === null) {
              reject(error);
            } else {
              surroundings.onGone(error);
            }
          },
        },
      );
    });
  }

  get snapshot(): ProjectSnapshot {
    return this.#snapshot;
  }

  /** Mosaics that could be read. */
  get readyMosaics(): ReadyMosaic[] {
    return this.#snapshot.mosaics.filter((mosaic): mosaic is ReadyMosaic => mosaic.kind === "ready");
  }

  /** Mosaics that can be trained on. */
  get labelledMosaics(): ReadyMosaic[] {
    return this.readyMosaics.filter(({ mask }) => hasLabels(mask));
  }

  /** Mosaics whose mask was found but can't be used. */
  get refusedMasks(): ReadyMosaic[] {
    return this.readyMosaics.filter(({ mask }) => mask.kind === "refused");
  }

  mosaic(mosaicId: string): Mosaic | null {
    return this.#snapshot.mosaics.find(({ id }) => id === mosaicId) ?? null;
  }

  mosaicName(mosaicId: string): string {
    return this.mosaic(mosaicId)?.name ?? mosaicId;
  }

  /** Masks from elsewhere that were compared last; null for none. */
  judging: MaskJudging | null = $state.raw(null);

  /** The `orthomask …` line that does the same without a window. */
  commandLine(action: ComputingAction): string {
    return commandOf(action, {
      folder: this.#snapshot.displayPath,
      classes: this.#snapshot.classes,
      nameOf: (mosaicId) => this.mosaicName(mosaicId),
    });
  }

  /** Newest first. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  run(runId: string): Run | null {
    return this.#runs.find(({ id }) => id === runId) ?? null;
  }

  /** The run that all panels are about: the one that was chosen, else the one whose prediction is on the map, else the newest. */
  get selectedRun(): Run | null {
    const watched = this.runWatch.run;
    if (this.#selectedRunId === null) {
      return this.run(this.#layers.predictionRunId ?? "") ?? this.#runs[0] ?? null;
    }
    const listed = this.#runs.find(({ id }) => id === this.#selectedRunId) ?? null;
    if (watched?.id !== this.#selectedRunId) {
      return listed;
    }
    // The run's own stream may know of it, or of an epoch, that the list will only tell of a moment later.
    return listed === null
      ? watched
      : watched.history.length > listed.history.length
        ? { ...watched, name: listed.name }
        : listed;
  }

  get runningRun(): Run | null {
    return this.#runs.find(({ state }) => state.kind === "running") ?? null;
  }

  /** Runs that wait for their turn, the next one first. */
  get queue(): readonly Run[] {
    return queuedRuns(this.#runs);
  }

  /** A run's place among those that wait, from 1; null for one that doesn't. */
  queuePlace(runId: string): number | null {
    const index = this.queue.findIndex(({ id }) => id === runId);
    return index < 0 ? null : index + 1;
  }

  /** Whether a training that is started now waits for another job of the engine. */
  get engineIsTaken(): boolean {
    return this.#jobs.active.some(({ kind }) => kind === "training" || kind === "prediction");
  }

  /** Lets a waiting run change places with the one before it (−1) or behind it (1). */
  async moveRun(runId: string, by: -1 | 1): Promise<void> {
    await this.#host.client.training.move({ projectId: this.id, runId, by });
  }

  /** Takes runs out of the queue; what one has learned before is kept. */
  async unqueue(runIds: readonly string[]): Promise<void> {
    // From the end, so that none of them gets its turn meanwhile.
    for (const runId of [...runIds].reverse()) {
      const job = this.trainingJob(runId);
      await (job === null ? this.stopRun(runId) : this.#jobs.cancel(job.id));
    }
  }

  /** Trainings of an earlier session that go on in this one. */
  goneOn(): Promise<readonly string[]> {
    return this.#host.client.training.goneOn({ projectId: this.id });
  }

  /** Keeps the panels about the run that they are about now, whatever prediction the map shows next. */
  keepSelectedRun(): void {
    this.#selectedRunId ??= this.selectedRun?.id ?? null;
  }

  /** Makes all panels, and the map where the run has predicted something, about this run. */
  selectRun(runId: string): void {
    this.#selectedRunId = runId;
    this.#layers.choosePredictionRun(runId);
    this.runWatch.follow(runId);
  }

  /** Predictions of one run. */
  predictionsOf(runId: string): Prediction[] {
    return [...this.#predictions.values()].filter((prediction) => prediction.runId === runId);
  }

  prediction(runId: string, mosaicId: string): Prediction | null {
    return this.#predictions.get(`${runId}\n${mosaicId}`) ?? null;
  }

  /** Everything that needs the user's attention, the page's own findings last. */
  get problems(): readonly Problem[] {
    return [...this.#snapshot.problems, ...this.#pageProblems];
  }

  addPageProblem(problem: Problem): void {
    this.#pageProblems = [...this.#pageProblems.filter(({ id }) => id !== problem.id), problem];
  }

  clearPageProblems(): void {
    this.#pageProblems = [];
  }

  /** Keeps where the map looks; failing to do so is nothing to bother anybody with. */
  saveView(view: ViewState): void {
    void this.#host.client.projects.saveView({ projectId: this.id, view }).catch(() => undefined);
  }

  async rescan(): Promise<void> {
    this.clearPageProblems();
    await this.#host.client.projects.rescan({ projectId: this.id });
  }

  /** Adds the mosaic behind an address to the project's folder, and answers what it is called. */
  async addRemote(address: string, signal: AbortSignal): Promise<string> {
    const { name } = await this.#host.client.projects.addRemote({ projectId: this.id, address }, { signal });
    return name;
  }

  /** Whether something of the folder can't be read, so that it may be worth looking for it elsewhere. */
  get mayHaveMovedFiles(): boolean {
    const { mosaics, problems } = this.snapshot;
    return mosaics.some(({ kind }) => kind === "failed") || problems.some(({ id }) => id === "lost-folders");
  }

  /** Looks in a folder for what the project's links no longer lead to. */
  relocate(folderId: string): Promise<{ found: string[]; missing: { fileName: string; reason: string }[] }> {
    this.clearPageProblems();
    return this.#host.client.projects.relocate({ projectId: this.id, folderId });
  }

  async renameRun(runId: string, name: string): Promise<void> {
    await this.#host.client.runs.rename({ projectId: this.id, runId, name });
  }

  async tagRun(runId: string, tags: readonly string[]): Promise<void> {
    await this.#host.client.runs.setTags({ projectId: this.id, runId, tags: [...tags] });
  }

  /** Copies a run's folder to the project's exports; the job says where. */
  async exportRun(runId: string): Promise<void> {
    await this.#host.client.exports.run({
      projectId: this.id,
      runId,
      destination: { kind: "project" },
    });
  }

  /** Writes a report of a run into the project's exports; the job says where. */
  async writeReport(request: {
    readonly runId: string;
    readonly mosaicIds: readonly string[];
    readonly borderTolerancePixels: number;
    readonly within: EvaluatedGround | null;
    readonly format: "html" | "pdf";
  }): Promise<void> {
    const { within, mosaicIds, ...rest } = request;
    await this.#host.client.exports.report({
      projectId: this.id,
      ...rest,
      mosaicIds: [...mosaicIds],
      ...(within === null ? {} : { within }),
      destination: { kind: "project" },
    });
  }

  /** The same on masks from elsewhere, as they were counted last. */
  async writeMasksReport(masksId: string, format: "html" | "pdf"): Promise<void> {
    const destination = { kind: "project" } as const;
    await this.#host.client.exports.reportMasks({ projectId: this.id, masksId, format, destination });
  }

  async removeRun(runId: string): Promise<void> {
    await this.#host.client.runs.remove({ projectId: this.id, runId });
  }

  /** Goes on with a run; rejects with `damaged` where its last weights are, and it can go on from the best epoch instead. */
  async resumeRun(runId: string, from: "last" | "best" = "last"): Promise<void> {
    await this.#host.client.training.resume({ projectId: this.id, runId, from });
    this.selectRun(runId);
    this.training.showRun();
  }

  /** Ends a training after the step in flight and keeps its best epoch. */
  async stopRun(runId: string): Promise<void> {
    await this.#host.client.training.stop({ projectId: this.id, runId });
  }

  /** The state of a training's own job, while it has one. */
  trainingJob(runId: string): ReturnType<JobList["find"]> {
    return this.#jobs.active.find((job) => job.kind === "training" && job.runId === runId) ?? null;
  }

  /** The job that predicts with a run just now. */
  predictionJob(runId: string): ReturnType<JobList["find"]> {
    return this.#jobs.active.find((job) => job.kind === "prediction" && job.runId === runId) ?? null;
  }

  /** Leaves the project: nothing of it is watched any more. */
  close(): void {
    this.#displayKeeper.close();
    this.#ended.abort();
    this.runWatch.close();
    this.splitEditor.hide();
    this.training.close();
  }

  #watch({ host, layers }: ProjectSurroundings): void {
    const { signal } = this.#ended;
    const projectId = this.id;
    this.labelling.watch(signal);
    this.splitEditor.watch(signal);
    void watchStream(
      host.link,
      (inner) => host.client.runs.watch({ projectId }, { signal: inner }),
      (runs) => {
        this.#takeRuns(runs);
      },
      { signal },
    );
    void watchStream(
      host.link,
      (inner) => host.client.predictions.watch({ projectId }, { signal: inner }),
      (change) => {
        const key = `${change.prediction.runId}\n${change.prediction.mosaicId}`;
        if (change.removed) {
          this.#predictions.delete(key);
        } else {
          this.#predictions.set(key, change.prediction);
        }
        layers.applyPredictionChange(change);
      },
      { signal },
    );
  }

  #takeSnapshot(snapshot: ProjectSnapshot): void {
    const before = this.#snapshot;
    this.#snapshot = snapshot;
    this.classEditor.takeSaved(snapshot.classes);
    if (trainingData(before) !== trainingData(snapshot)) {
      this.training.dataChanged();
    } else if (labelledPixels(before) !== labelledPixels(snapshot)) {
      this.training.labelsChanged();
    }
  }

  #takeRuns(runs: readonly Run[]): void {
    // On opening, a selection kept with the project whose run has been removed since is no selection.
    const wasListed = !this.#runsListed || this.#runs.some(({ id }) => id === this.#selectedRunId);
    const opening = !this.#runsListed;
    this.#runsListed = true;
    this.#runs = [...runs].sort((first, second) => second.createdAt.localeCompare(first.createdAt));
    this.comparing.takeKnown(this.#runs.map(({ id }) => id).reverse());
    if (wasListed && !this.#runs.some(({ id }) => id === this.#selectedRunId)) {
      this.#selectedRunId = null;
    }
    const running = this.runningRun;
    if ((this.#selectedRunId === null || opening) && running !== null) {
      // The page was opened, or reloaded, in the middle of a training.
      this.training.showRun();
      this.#selectedRunId = running.id;
    }
    const { selectedRun } = this;
    if (selectedRun !== null) {
      this.runWatch.follow(selectedRun.id);
    } else if (this.#selectedRunId === null) {
      this.training.showForm();
    }
  }
}

/** What a training plan depends on, so that other changes don't ask for a new one. */
function trainingData({ mosaics, classes, scanning }: ProjectSnapshot): string {
  const masks = mosaics.map((mosaic) =>
    mosaic.kind === "ready"
      ? [mosaic.id, mosaic.mask.kind, hasLabels(mosaic.mask) && mosaic.mask.classPixels !== null]
      : mosaic.id,
  );
  return JSON.stringify([scanning, classes, masks]);
}

/** Another word after each change of labels that moved pixels from one class to another. */
function labelledPixels({ mosaics }: ProjectSnapshot): string {
  return JSON.stringify(
    mosaics.map((mosaic) =>
      mosaic.kind === "ready" && hasLabels(mosaic.mask) ? mosaic.mask.classPixels : null,
    ),
  );
}
