import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { ConnectedArea } from "#shared/labels/connected-area.ts";
import type { HostAccess } from "./host-access.ts";
import type { SampledWindow } from "./label-region.ts";

/** A tile of the host is no larger. */
const MOST_SIDE = 1024;

interface Options {
  readonly signal?: AbortSignal;
}

/** The pixels that tools look at: labels as they are stored, imagery as it is shown. */
export class LabelPixels {
  readonly #host: HostAccess;
  readonly #projectId: string;

  constructor(host: HostAccess, projectId: string) {
    this.#host = host;
    this.#projectId = projectId;
  }

  /** Class ids of a window at full resolution, row-major, 255 unlabelled and outside. */
  labels(mosaicId: string, pixelWindow: PixelWindow, options: Options = {}): Promise<Uint8Array> {
    return this.#host.client.labels.read({ projectId: this.#projectId, mosaicId, pixelWindow }, options);
  }

  /** The connected area of the class at a pixel; null beside the mosaic. */
  area(
    mosaicId: string,
    { x, y }: Pick<PixelWindow, "x" | "y">,
    options: Options = {},
  ): Promise<ConnectedArea | null> {
    const place = { projectId: this.#projectId, mosaicId, column: x, row: y };
    return this.#host.client.labels.area(place, options);
  }

  /** RGBA bytes of a window at a size, row-major, alpha 0 where there is no data. */
  async imagery(
    mosaicId: string,
    pixelWindow: PixelWindow,
    size: PixelSize,
    options: Options = {},
  ): Promise<Uint8Array> {
    const whole = new Uint8Array(size.width * size.height * 4);
    const parts: Promise<void>[] = [];
    for (let top = 0; top < size.height; top += MOST_SIDE) {
      for (let left = 0; left < size.width; left += MOST_SIDE) {
        const width = Math.min(MOST_SIDE, size.width - left);
        const height = Math.min(MOST_SIDE, size.height - top);
        parts.push(
          this.#tile(mosaicId, pixelWindow, size, { x: left, y: top, width, height }, options).then(
            (data) => {
              for (let row = 0; row < height; row += 1) {
                const to = ((top + row) * size.width + left) * 4;
                whole.set(data.subarray(row * width * 4, (row + 1) * width * 4), to);
              }
            },
          ),
        );
      }
    }
    await Promise.all(parts);
    return whole;
  }

  /** RGBA bytes of each sample of a window. */
  samples({ mosaicId, pixelWindow, step, size }: SampledWindow): Promise<Uint8Array> {
    const whole = { ...pixelWindow, width: size.width * step, height: size.height * step };
    return this.imagery(mosaicId, whole, size);
  }

  async #tile(
    mosaicId: string,
    whole: PixelWindow,
    size: PixelSize,
    part: PixelWindow,
    options: Options,
  ): Promise<Uint8Array> {
    const across = whole.width / size.width;
    const down = whole.height / size.height;
    const { data } = await this.#host.client.rasters.tile(
      {
        projectId: this.#projectId,
        mosaicId,
        source: { kind: "imagery" },
        pixelWindow: {
          x: Math.round(whole.x + part.x * across),
          y: Math.round(whole.y + part.y * down),
          width: Math.round(part.width * across),
          height: Math.round(part.height * down),
        },
        size: { width: part.width, height: part.height },
      },
      options,
    );
    return data;
  }
}
