import type { Superpixels, SuperpixelRequest } from "#shared/labels/superpixels.ts";
import { noteDuration } from "./durations.ts";
import type { LabelPixels } from "./label-pixels.ts";
import { isSameWindow, type RegionPicture, type SampledWindow } from "./label-region.ts";

/** A view divided into superpixels. */
export type DividedView = SampledWindow & Superpixels;

/** Divides what is in view into superpixels, in a worker of its own. */
export class SuperpixelView {
  readonly #pixels: LabelPixels;
  /** About how wide a superpixel is, in screen pixels. */
  regionSize = $state(24);
  #divided: DividedView | null = $state.raw(null);
  #picture: RegionPicture | null = $state.raw(null);
  /** What is being divided or was last. */
  #wanted: { readonly view: SampledWindow; readonly regionSize: number } | null = null;
  #worker: Worker | null = null;
  #isBusy = false;

  constructor(pixels: LabelPixels) {
    this.#pixels = pixels;
  }

  /** The view as it was divided last; null before. */
  get divided(): DividedView | null {
    return this.#divided;
  }

  get picture(): RegionPicture | null {
    return this.#picture;
  }

  /** Divides a view unless that is what was done last. Rejects when its imagery can't be read. */
  async divide(view: SampledWindow): Promise<void> {
    const { regionSize } = this;
    if (
      this.#wanted !== null &&
      isSameWindow(this.#wanted.view, view) &&
      this.#wanted.regionSize === regionSize
    ) {
      return;
    }
    const wanted = { view, regionSize };
    this.#wanted = wanted;
    try {
      const rgba = await this.#pixels.samples(view);
      if (this.#wanted !== wanted) {
        return;
      }
      const start = performance.now();
      const made = await this.#work({ ...view.size, rgba, regionSize, compactness: 10 });
      noteDuration("superpixels", start);
      if (this.#wanted === wanted) {
        this.#divided = { ...view, ...made };
        this.#picture = bordersPicture(this.#divided);
      }
    } catch (thrown) {
      this.#wanted = null;
      throw thrown;
    }
  }

  /** Lets go of the view and of the worker. */
  clear(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#isBusy = false;
    this.#wanted = null;
    this.#divided = null;
    this.#picture = null;
  }

  /** A newer request stands in for one that is still being worked on; a worker that is done is kept, since a new one has to be compiled first. */
  #work(request: SuperpixelRequest): Promise<Superpixels> {
    if (this.#isBusy) {
      this.#worker?.terminate();
      this.#worker = null;
    }
    const worker =
      this.#worker ?? new Worker(new URL("superpixel-worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    this.#isBusy = true;
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Superpixels>) => {
        this.#isBusy = false;
        resolve(data);
      };
      worker.onerror = ({ message }) => {
        // One that couldn't be loaded would never answer: the next request gets another.
        worker.terminate();
        this.#worker = null;
        this.#isBusy = false;
        reject(new Error(`Superpixels can't be made: ${message}`));
      };
      worker.postMessage(request, [request.rgba.buffer]);
    });
  }
}

/** Thin light borders between superpixels. */
function bordersPicture(view: DividedView): RegionPicture {
  const { regions, size } = view;
  const { width, height } = size;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let pixel = 0; pixel < regions.length; pixel++) {
    const isBorder =
      (pixel % width < width - 1 && regions[pixel + 1] !== regions[pixel]) ||
      (pixel < width * (height - 1) && regions[pixel + width] !== regions[pixel]);
    if (isBorder) {
      pixels[pixel] = 0xb0_66_ff_ff;
    }
  }
  return { ...view, image };
}
