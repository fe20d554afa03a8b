import type { SegmentModel, SegmentPrompt } from "#shared/labels/segments-contract.ts";
import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { HostAccess } from "./host-access.ts";
import { noteDuration } from "./durations.ts";
import { isSameWindow, sampleAt, type LabelSelection, type SampledWindow } from "./label-region.ts";
import { watchStream } from "./watch-stream.ts";

/** What the last prompt waits for. */
export type SegmentWork = "none" | "looking" | "finding";

/** Clicks and boxes that a promptable model makes a selection of, until that is painted or given up. */
export class SegmentPrompts {
  readonly #host: HostAccess;
  readonly #projectId: string;
  /** Gets the mask that is asked for so far. */
  readonly #onMask: (selection: LabelSelection) => void;
  #model: SegmentModel = $state.raw({ kind: "none" });
  /** In mosaic pixels. */
  #prompts: readonly SegmentPrompt[] = $state.raw([]);
  #work: SegmentWork = $state("none");
  #score: number | null = $state(null);
  #view: SampledWindow | null = $state.raw(null);
  /** The view that the host has encoded last, or is at. */
  #looked: { readonly view: SampledWindow; readonly viewId: Promise<string> } | null = null;
  #turn = 0;

  constructor(host: HostAccess, projectId: string, onMask: (selection: LabelSelection) => void) {
    this.#host = host;
    this.#projectId = projectId;
    this.#onMask = onMask;
  }

  /** Follows which model is chosen, until `signal` aborts. */
  watch(signal: AbortSignal): void {
    void watchStream(
      this.#host.link,
      (streamSignal) => this.#host.client.segments.watch(undefined, { signal: streamSignal }),
      (model) => {
        this.#model = model;
        this.#looked = null;
      },
      { signal },
    );
  }

  get model(): SegmentModel {
    return this.#model;
  }

  get prompts(): readonly SegmentPrompt[] {
    return this.#prompts;
  }

  /** The mosaic that prompts lie in; null without any. */
  get mosaicId(): string | null {
    return this.#prompts.length === 0 ? null : (this.#view?.mosaicId ?? null);
  }

  get work(): SegmentWork {
    return this.#work;
  }

  /** The model's own estimate of the mask's IoU; null where it gives none. */
  get score(): number | null {
    return this.#score;
  }

  /** The view that further prompts belong to: where one has been begun and the place lies in it, that. */
  viewFor(mosaicId: string, point: PixelPoint, current: SampledWindow | null): SampledWindow | null {
    const begun = this.#view;
    return begun !== null &&
      begun.mosaicId === mosaicId &&
      this.#prompts.length > 0 &&
      sampleAt(begun, point) >= 0
      ? begun
      : current;
  }

  /** Asks with one prompt more; a box takes the place of another. What lies outside of a new view is left. Rejects when nothing comes of it. */
  async add(prompt: SegmentPrompt, view: SampledWindow): Promise<void> {
    const kept = this.#prompts.filter(
      (each) =>
        (each.kind === "point" || prompt.kind === "point") &&
        this.#view !== null &&
        (isSameWindow(this.#view, view) ||
          (this.#view.mosaicId === view.mosaicId &&
            each.kind === "point" &&
            sampleAt(view, [each.x, each.y]) >= 0)),
    );
    await this.#ask([...kept, prompt], view);
  }

  /** Takes back the last prompt, unless there is no other: then `clear`. */
  async stepBack(): Promise<void> {
    const view = this.#view;
    if (view !== null && this.#prompts.length > 1) {
      await this.#ask(this.#prompts.slice(0, -1), view);
    }
  }

  /** Gives up the prompts, and what is being computed for them. */
  clear(): void {
    this.#turn += 1;
    this.#prompts = [];
    this.#work = "none";
    this.#score = null;
  }

  async #ask(prompts: readonly SegmentPrompt[], view: SampledWindow): Promise<void> {
    const [promptsBefore, viewBefore] = [this.#prompts, this.#view];
    this.#turn += 1;
    const turn = this.#turn;
    this.#prompts = prompts;
    this.#view = view;
    const start = performance.now();
    try {
      const { mask, score } = await this.#find(prompts, view, turn);
      if (turn === this.#turn) {
        this.#score = score;
        this.#onMask({ ...view, mask: new Uint8Array(mask) });
        noteDuration("segment", start);
      }
    } catch (thrown) {
      if (turn === this.#turn) {
        // Prompts are told of with the view that they lie in.
        this.#prompts = promptsBefore;
        this.#view = viewBefore;
        throw thrown;
      }
    } finally {
      if (turn === this.#turn) {
        this.#work = "none";
      }
    }
  }

  /** The host keeps few encoded views: one that it has let go of is encoded again. */
  async #find(
    prompts: readonly SegmentPrompt[],
    view: SampledWindow,
    turn: number,
  ): Promise<{ readonly mask: Uint8Array; readonly score: number | null }> {
    const ask = async (): Promise<{ readonly mask: Uint8Array; readonly score: number | null }> => {
      const viewId = await this.#look(view, turn);
      if (turn === this.#turn) {
        this.#work = "finding";
      }
      return this.#host.client.segments.find({ viewId, prompts: [...prompts], size: view.size });
    };
    try {
      return await ask();
    } catch (thrown) {
      this.#looked = null;
      if (thrown instanceof RpcError && thrown.code === "not-found") {
        return ask();
      }
      throw thrown;
    }
  }

  #look(view: SampledWindow, turn: number): Promise<string> {
    if (this.#looked !== null && isSameWindow(this.#looked.view, view)) {
      return this.#looked.viewId;
    }
    if (turn === this.#turn) {
      this.#work = "looking";
    }
    const { mosaicId, pixelWindow, size, step } = view;
    const whole = { ...pixelWindow, width: size.width * step, height: size.height * step };
    const viewId = this.#host.client.segments
      .look({ projectId: this.#projectId, mosaicId, pixelWindow: whole })
      .then((answer) => answer.viewId);
    this.#looked = { view, viewId };
    return viewId;
  }
}
