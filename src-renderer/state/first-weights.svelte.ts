import type { TrainingSettings } from "#shared/training/training-settings.ts";
import type { WeightsReport, WeightsSource } from "#shared/training/weights-report.ts";
import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";

/** What the chosen weights would give the network that is being thought of. */
export type WeightsCheck =
  | { readonly kind: "none" }
  | { readonly kind: "checking" }
  | { readonly kind: "ready"; readonly report: WeightsReport }
  | { readonly kind: "refused"; readonly reason: string };

/** What a training is to begin with: drawn weights, a file's, or those of another run. */
export class FirstWeights {
  readonly #host: HostAccess;
  readonly #projectId: string;
  #source: WeightsSource | null = $state.raw(null);
  #name = $state("");
  #check: WeightsCheck = $state.raw({ kind: "none" });
  #request = new AbortController();
  /** The parts of the settings that decide which layers there are. */
  #checkedFor = "";

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  /** Null for drawn weights. */
  get source(): WeightsSource | null {
    return this.#source;
  }

  /** The file's or run's name. */
  get name(): string {
    return this.#name;
  }

  get check(): WeightsCheck {
    return this.#check;
  }

  choose(source: WeightsSource | null, name: string, settings: TrainingSettings): void {
    this.#source = source;
    this.#name = name;
    this.#checkedFor = "";
    this.checkFor(settings);
  }

  /** Looks again at what fits, if the network has changed. */
  checkFor(settings: TrainingSettings): void {
    const { architecture, width, upsampling, mosaicIds } = settings;
    const question = JSON.stringify([this.#source, architecture, width, upsampling, mosaicIds]);
    if (question === this.#checkedFor) {
      return;
    }
    this.#checkedFor = question;
    this.#request.abort();
    if (this.#source === null) {
      this.#check = { kind: "none" };
      return;
    }
    this.#request = new AbortController();
    void this.#ask(this.#source, settings, this.#request.signal);
  }

  close(): void {
    this.#request.abort();
  }

  async #ask(weights: WeightsSource, settings: TrainingSettings, signal: AbortSignal): Promise<void> {
    this.#check = { kind: "checking" };
    try {
      const report = await this.#host.client.training.checkWeights(
        { projectId: this.#projectId, settings, weights },
        { signal },
      );
      this.#check = { kind: "ready", report };
    } catch (thrown) {
      if (!signal.aborted) {
        this.#check = { kind: "refused", reason: sentenceOf(thrown) };
      }
    }
  }
}
