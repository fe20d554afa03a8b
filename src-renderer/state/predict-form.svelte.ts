import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";
import { MosaicChoice } from "./mosaic-choice.svelte.ts";
import type { ViewedWindow } from "./map-view.svelte.ts";

/** A prediction that is being thought of: which mosaics, and how much tiles overlap. */
export class PredictForm {
  readonly #host: HostAccess;
  readonly #projectId: string;
  readonly mosaics = new MosaicChoice();
  #failure: string | null = $state(null);
  #starting = $state(false);

  /** Share of a tile that neighbours have in common, 0–0.75. */
  overlap = $state(0.25);

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  get failure(): string | null {
    return this.#failure;
  }

  get starting(): boolean {
    return this.#starting;
  }

  /** Starts predicting, what is in view first; answers with the job's id, or null with `failure` set. */
  async start(
    runId: string,
    mosaicIds: readonly string[],
    viewed: readonly ViewedWindow[],
  ): Promise<string | null> {
    this.#failure = null;
    this.#starting = true;
    try {
      const { jobId } = await this.#host.client.predictions.start({
        projectId: this.#projectId,
        runId,
        mosaicIds: [...mosaicIds],
        overlap: this.overlap,
        viewed: viewed.filter(({ mosaicId }) => mosaicIds.includes(mosaicId)),
      });
      return jobId;
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
      return null;
    } finally {
      this.#starting = false;
    }
  }
}
