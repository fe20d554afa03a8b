import { SvelteMap } from "svelte/reactivity";
import type { EngineStatus } from "#shared/contract.ts";
import type { WeightsSource } from "#shared/training/weights-report.ts";
import type {
  Architecture,
  Loss,
  Preset,
  TrainingMeasure,
  TrainingPlan,
  TrainingSettings,
} from "#shared/training/training-settings.ts";
import { sweepName, type SweepTraining } from "#shared/training/sweep.ts";
import { FirstWeights } from "./first-weights.svelte.ts";
import { isCancelled, isPassing, sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";

export interface TrainingOptions {
  readonly architectures: readonly Architecture[];
  readonly losses: readonly Loss[];
  readonly presets: readonly Preset[];
}

/** What a training would be: `stale` while a newer answer is on its way. */
export type PlanState =
  | { readonly kind: "none" }
  | { readonly kind: "ready"; readonly plan: TrainingPlan; readonly stale: boolean }
  | { readonly kind: "refused"; readonly reason: string; readonly stale: boolean };

export type MeasureState =
  | { readonly kind: "none" }
  | { readonly kind: "working" }
  | { readonly kind: "ready"; readonly measure: TrainingMeasure }
  | { readonly kind: "failed"; readonly reason: string };

/** Whence the settings come: the host's suggestion, a preset, or the user's own hand. */
export const SUGGESTED = "suggested";
export const OWN = "own";

const PLAN_DELAY_MILLISECONDS = 250;

/** The training that is being thought of: settings, what they would mean, and what they would cost. */
export class TrainingForm {
  readonly #host: HostAccess;
  /** Fields that say something that can't be trained with, by their labels. */
  readonly #faults = new SvelteMap<string, string>();
  readonly #projectId: string;
  readonly #remembered: () => TrainingSettings | null;
  #options: TrainingOptions | null = $state.raw(null);
  #optionsRequest: Promise<TrainingOptions> | null = null;
  #settings: TrainingSettings | null = $state.raw(null);
  #suggested: TrainingSettings | null = null;
  #engine: EngineStatus | null = $state.raw(null);
  #plan: PlanState = $state.raw({ kind: "none" });
  #measure: MeasureState = $state.raw({ kind: "none" });
  #failure: string | null = $state(null);
  #starting = $state(false);
  #generation = $state(0);
  #showing: "form" | "run" = $state("form");
  #loading: Promise<void> | null = null;
  #planTimer: ReturnType<typeof setTimeout> | undefined;
  #planRequest = new AbortController();
  #measureRequest = new AbortController();
  #lookers = 0;
  #isOutdated = false;

  /** What the training is to begin with. */
  readonly weights: FirstWeights;

  /** `SUGGESTED`, `OWN` or a preset's id. */
  recipe = $state(SUGGESTED);
  /** The new run's name; empty lets the host find one. */
  name = $state("");

  /** `remembered` are the settings that the project keeps, null for the suggested ones. */
  constructor(host: HostAccess, projectId: string, remembered: () => TrainingSettings | null) {
    this.#host = host;
    this.#projectId = projectId;
    this.#remembered = remembered;
    this.weights = new FirstWeights(host, projectId);
  }

  get options(): TrainingOptions | null {
    return this.#options;
  }

  get settings(): TrainingSettings | null {
    return this.#settings;
  }

  get engine(): EngineStatus | null {
    return this.#engine;
  }

  /** While a field is wrong, the last plan is of other settings than those one sees. */
  get plan(): PlanState {
    return this.fault === null || this.#plan.kind === "none" ? this.#plan : { ...this.#plan, stale: true };
  }

  /** What is wrong with a field, in a sentence; null when all are sound. */
  get fault(): string | null {
    const [first = null] = this.#faults.values();
    return first;
  }

  /** Takes what a field says of itself. */
  reportFault(label: string, why: string | null): void {
    if (why === null) {
      this.#faults.delete(label);
    } else {
      this.recipe = OWN;
      this.#faults.set(label, why);
    }
  }

  get measure(): MeasureState {
    return this.#measure;
  }

  /** Why options, suggestion or start could not be had. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Counts up when all settings are replaced at once. */
  get generation(): number {
    return this.#generation;
  }

  get starting(): boolean {
    return this.#starting;
  }

  /** Whether the panel shows the settings of a new training or the selected run. */
  get showing(): "form" | "run" {
    return this.#showing;
  }

  showForm(): void {
    this.#showing = "form";
  }

  showRun(): void {
    this.#showing = "run";
  }

  get architecture(): Architecture | null {
    return this.#options?.architectures.find(({ id }) => id === this.#settings?.architecture) ?? null;
  }

  get preset(): Preset | null {
    return this.#options?.presets.find(({ id }) => id === this.recipe) ?? null;
  }

  /** Fetches what networks and losses are called; without it they go by their ids. */
  loadNames(): void {
    void this.#askOptions()
      .then((options) => (this.#options ??= options))
      .catch(() => undefined);
  }

  /** Fetches what the form needs, once; a failed attempt can be repeated. */
  load(): Promise<void> {
    this.#loading ??= this.#fetch();
    return this.#loading;
  }

  /** Changes settings by hand. */
  change(part: Partial<TrainingSettings>): void {
    if (this.#settings !== null) {
      this.recipe = OWN;
      this.#set({ ...this.#settings, ...part });
    }
  }

  /** Another network brings its own width, and input sides that it can take. */
  changeArchitecture(id: string): void {
    const width = this.#options?.architectures.find((item) => item.id === id)?.width;
    this.change({
      architecture: id,
      width: width === null || width === undefined ? null : width.default,
      upsampling: null,
    });
  }

  /** Chooses what to begin with: null for drawn weights, among which no encoder is worth freezing. */
  chooseWeights(source: WeightsSource | null, name: string): void {
    if (this.#settings !== null) {
      this.weights.choose(source, name, this.#settings);
      if (source === null && this.#settings.freezeEncoder) {
        this.change({ freezeEncoder: false });
      }
    }
  }

  chooseRecipe(recipe: string): void {
    const settings =
      recipe === SUGGESTED
        ? this.#suggested
        : this.#options?.presets.find((preset) => preset.id === recipe)?.settings;
    if (settings !== null && settings !== undefined) {
      this.recipe = recipe;
      this.#generation += 1;
      this.#set(settings);
    }
  }

  /** Starts from another run's settings. */
  adopt(settings: TrainingSettings): void {
    this.recipe = OWN;
    this.#generation += 1;
    this.#showing = "form";
    this.#set(settings);
  }

  /** Masks or classes have changed: the plan is made again, and an untouched suggestion too. */
  dataChanged(): void {
    if (this.#settings === null) {
      return;
    }
    if (this.recipe === SUGGESTED) {
      void this.#suggestAgain();
    } else {
      this.#planSoon();
    }
  }

  /** Labels have been painted or taken back: tiles are counted again as soon as somebody looks, and not at every stroke before. */
  labelsChanged(): void {
    if (this.#lookers > 0) {
      this.dataChanged();
    } else {
      this.#isOutdated = true;
    }
  }

  /** Somebody looks at the form until the function answered is called. */
  look(): () => void {
    this.#lookers += 1;
    if (this.#isOutdated) {
      this.#isOutdated = false;
      this.dataChanged();
    }
    return () => {
      this.#lookers -= 1;
    };
  }

  /** Times a few steps of the real network on the real data. */
  async measureTime(): Promise<void> {
    const settings = this.#settings;
    if (settings === null) {
      return;
    }
    this.#measureRequest.abort();
    const request = new AbortController();
    this.#measureRequest = request;
    this.#measure = { kind: "working" };
    try {
      const measure = await this.#host.client.training.measure(
        { projectId: this.#projectId, settings },
        { signal: request.signal },
      );
      this.#measure = { kind: "ready", measure };
    } catch (thrown) {
      if (!request.signal.aborted) {
        this.#measure = isCancelled(thrown)
          ? { kind: "none" }
          : { kind: "failed", reason: sentenceOf(thrown) };
      }
    }
  }

  stopMeasuring(): void {
    this.#measureRequest.abort();
    this.#measure = { kind: "none" };
  }

  /** Starts the training, or queues it behind others, which leaves the form in view; answers with the run's id, or null with `failure` set. */
  async start({ behindOthers = false } = {}): Promise<string | null> {
    const settings = this.#settings;
    if (settings === null || this.#starting) {
      return null;
    }
    this.#starting = true;
    this.#failure = null;
    try {
      const name = this.name.trim();
      const { runId } = await this.#host.client.training.start({
        projectId: this.#projectId,
        settings,
        name: name === "" ? null : name,
        weights: this.weights.source,
      });
      this.name = "";
      this.#showing = behindOthers ? "form" : "run";
      return runId;
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
      return null;
    } finally {
      this.#starting = false;
    }
  }

  /** Queues a sweep's trainings; answers with their ids. Throws what the host says where one can't be trained. */
  async startAll(trainings: readonly SweepTraining[]): Promise<readonly string[]> {
    const given = this.name.trim();
    const { runIds } = await this.#host.client.training.startAll({
      projectId: this.#projectId,
      trainings: trainings.map(({ settings, words }) => ({
        settings,
        name: sweepName(given === "" ? this.#networkName(settings.architecture) : given, words),
      })),
      weights: this.weights.source,
    });
    this.name = "";
    return runIds;
  }

  #networkName(id: string): string {
    return this.#options?.architectures.find((item) => item.id === id)?.name ?? id;
  }

  close(): void {
    clearTimeout(this.#planTimer);
    this.#planRequest.abort();
    this.#measureRequest.abort();
    this.weights.close();
  }

  async #fetch(): Promise<void> {
    this.#failure = null;
    // The engine takes a second or two to start; nothing waits for it.
    void this.#askEngine();
    try {
      const [options, suggested] = await Promise.all([
        this.#askOptions(),
        this.#host.client.training.suggest({ projectId: this.#projectId }),
      ]);
      this.#options = options;
      this.#suggested = suggested;
      const remembered = this.#remembered();
      if (this.#settings === null && remembered !== null) {
        this.recipe = OWN;
        this.#set(remembered);
      } else if (this.#settings === null) {
        this.#set(suggested);
      }
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
      this.#loading = null;
    }
  }

  /** Asks once; a failed attempt can be repeated. */
  async #askOptions(): Promise<TrainingOptions> {
    this.#optionsRequest ??= this.#host.client.training.options();
    try {
      return await this.#optionsRequest;
    } catch (thrown) {
      this.#optionsRequest = null;
      throw thrown;
    }
  }

  async #askEngine(): Promise<void> {
    try {
      this.#engine = await this.#host.client.app.engineStatus();
    } catch (thrown) {
      this.#engine = isPassing(thrown) ? null : { kind: "unavailable", reason: sentenceOf(thrown) };
    }
  }

  async #suggestAgain(): Promise<void> {
    try {
      const suggested = await this.#host.client.training.suggest({ projectId: this.#projectId });
      this.#suggested = suggested;
      if (this.recipe === SUGGESTED) {
        this.#set(suggested);
      }
    } catch {
      this.#planSoon();
    }
  }

  #set(given: TrainingSettings): void {
    // Remembered settings may freeze what this training draws at random.
    const settings = this.weights.source === null ? { ...given, freezeEncoder: false } : given;
    this.#settings = settings;
    this.weights.checkFor(settings);
    this.#failure = null;
    this.stopMeasuring();
    this.#planSoon();
  }

  #planSoon(): void {
    clearTimeout(this.#planTimer);
    this.#planRequest.abort();
    if (this.#plan.kind !== "none") {
      this.#plan = { ...this.#plan, stale: true };
    }
    this.#planTimer = setTimeout(() => {
      void this.#makePlan();
    }, PLAN_DELAY_MILLISECONDS);
  }

  /** Keeps settings that make a plan with the project; failing to do so is nothing to bother anybody with. */
  #keep(planned: TrainingSettings): void {
    const settings = this.recipe === SUGGESTED ? null : planned;
    if (JSON.stringify(settings) !== JSON.stringify(this.#remembered())) {
      void this.#host.client.projects
        .saveTraining({ projectId: this.#projectId, settings })
        .catch(() => undefined);
    }
  }

  async #makePlan(): Promise<void> {
    const settings = this.#settings;
    if (settings === null) {
      return;
    }
    const request = new AbortController();
    this.#planRequest = request;
    try {
      const plan = await this.#host.client.training.plan(
        { projectId: this.#projectId, settings },
        { signal: request.signal },
      );
      this.#plan = { kind: "ready", plan, stale: false };
      this.#keep(settings);
    } catch (thrown) {
      if (!request.signal.aborted && !isPassing(thrown)) {
        this.#plan = { kind: "refused", reason: sentenceOf(thrown), stale: false };
      }
    }
  }
}
