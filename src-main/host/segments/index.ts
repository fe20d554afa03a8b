import { basename } from "node:path";
import type { AppContract, Tile } from "#shared/contract.ts";
import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { SegmentModel, SegmentPrompt } from "#shared/labels/segments-contract.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { ChangeSignal } from "../change-signal.ts";
import { Engine } from "../engine/index.ts";
import type { EngineLauncher } from "../host-options.ts";
import { latestValues } from "../latest-values.ts";
import type { TileRequest } from "../rasters/index.ts";
import { readSettings, writeSettings, type SegmentModelFiles } from "../storage/index.ts";
import { fittedSize, promptInImage } from "./view-geometry.ts";

/** As many as the engine keeps. */
const MOST_VIEWS = 4;
/** A model of two gigabytes isn't held for somebody who paints with a brush. */
const IDLE_MILLISECONDS = 5 * 60_000;

export interface SegmentsOptions {
  readonly launcher: EngineLauncher;
  readonly dataDirectory: string;
  readonly files: { resolveFile(fileId: string): Promise<string> };
  readonly tile: (request: TileRequest, options: { readonly signal: AbortSignal }) => Promise<Tile>;
}

interface SegmentView {
  /** Which window of which mosaic, so that the same is not encoded twice. */
  readonly key: string;
  readonly imageId: string;
  readonly pixelWindow: PixelWindow;
  readonly imageSize: PixelSize;
}

/**
 * Masks from clicks, by a promptable model that the user points to. It runs in an engine of its own, which never loads TensorFlow, so that neither its
 * memory nor a crash is felt by host or training; that ends when nobody has asked for a while.
 */
export class Segments {
  readonly #options: SegmentsOptions;
  readonly #engine: Engine;
  readonly #changes = new ChangeSignal(0);
  #files: SegmentModelFiles | null = null;
  readonly #known: Promise<void>;
  /** The model's frame once it is open in the engine; null where it isn't. */
  #frame: Promise<PixelSize> | null = null;
  readonly #views = new Map<string, SegmentView>();
  /** Views that are being encoded, by what they show. */
  readonly #looking = new Map<string, Promise<string>>();
  #viewCount = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(options: SegmentsOptions) {
    this.#options = options;
    this.#engine = new Engine(options.launcher);
    this.#known = readSettings(options.dataDirectory).then(({ segmentModel = null }) => {
      this.#files = segmentModel;
      this.#changes.emit();
    });
  }

  /** The contract's part. */
  implementation(): Implementation<AppContract>["segments"] {
    return {
      watch: (_, context) =>
        latestValues(
          () => this.#model(),
          (listener) => this.#changes.listen(listener),
          context,
        ),
      choose: async ({ encoderFileId, decoderFileId }) => {
        const { files } = this.#options;
        const [encoderPath, decoderPath] = await Promise.all([
          files.resolveFile(encoderFileId),
          files.resolveFile(decoderFileId),
        ]);
        await this.#choose({ encoderPath, decoderPath });
      },
      forget: () => this.#choose(null),
      look: async ({ projectId, mosaicId, pixelWindow }) => ({
        viewId: await this.#look(projectId, mosaicId, pixelWindow),
      }),
      find: ({ viewId, prompts, size }) => this.#find(viewId, prompts, size),
    };
  }

  async close(): Promise<void> {
    this.#rest();
    this.#changes.close();
    await this.#engine.close();
  }

  #model(): SegmentModel {
    return this.#files === null
      ? { kind: "none" }
      : {
          kind: "chosen",
          encoderName: basename(this.#files.encoderPath),
          decoderName: basename(this.#files.decoderPath),
        };
  }

  /** Keeps a model that could be opened; the one before stays where it can't. */
  async #choose(files: SegmentModelFiles | null): Promise<void> {
    await this.#known;
    this.#forgetViews();
    if (files === null) {
      await this.#engine.close();
    } else {
      await this.#open(files);
    }
    this.#files = files;
    const { dataDirectory } = this.#options;
    await writeSettings(dataDirectory, { ...(await readSettings(dataDirectory)), segmentModel: files });
    this.#changes.emit();
  }

  /** Opens a model in the engine; what was open is closed there. */
  #open(files: SegmentModelFiles): Promise<PixelSize> {
    const opening = this.#asked(async () => {
      const client = await this.#engine.client();
      return client.segments.open(files);
    });
    this.#frame = opening;
    opening.catch(() => {
      if (this.#frame === opening) {
        this.#frame = null;
      }
    });
    return opening;
  }

  async #look(projectId: string, mosaicId: string, pixelWindow: PixelWindow): Promise<string> {
    await this.#known;
    if (this.#files === null) {
      throw new RpcError("conflict", "No segment model has been chosen: point to its two ONNX files first.");
    }
    const opening = this.#frame ?? this.#open(this.#files);
    const frame = await opening;
    const key = JSON.stringify([projectId, mosaicId, pixelWindow]);
    for (const [viewId, view] of this.#views) {
      if (view.key === key) {
        return viewId;
      }
    }
    // Who asks while it is being encoded waits for that. Nobody's leaving stops it: an engine at work can't be stopped, and others may wait.
    const looking =
      this.#looking.get(key) ??
      this.#encode(key, { projectId, mosaicId, pixelWindow }, { opening, frame }).finally(() => {
        if (this.#looking.get(key) === looking) {
          this.#looking.delete(key);
        }
      });
    this.#looking.set(key, looking);
    return looking;
  }

  async #encode(
    key: string,
    { projectId, mosaicId, pixelWindow }: Pick<TileRequest, "projectId" | "mosaicId" | "pixelWindow">,
    { opening, frame }: { readonly opening: Promise<PixelSize>; readonly frame: PixelSize },
  ): Promise<string> {
    const size = fittedSize(pixelWindow, frame);
    const source = { kind: "imagery" } as const;
    const { data } = await this.#options.tile(
      { projectId, mosaicId, source, pixelWindow, size },
      { signal: new AbortController().signal },
    );
    const { imageId } = await this.#asked(async () => {
      const client = await this.#engine.client();
      return client.segments.look({ rgba: data, ...size });
    });
    if (this.#frame !== opening) {
      throw new RpcError("not-found", "The model was closed while this view was encoded.");
    }
    this.#viewCount += 1;
    const viewId = `view-${this.#viewCount}`;
    this.#views.set(viewId, { key, imageId, pixelWindow, imageSize: size });
    for (const oldest of this.#views.keys()) {
      if (this.#views.size > MOST_VIEWS) {
        this.#views.delete(oldest);
      }
    }
    return viewId;
  }

  async #find(
    viewId: string,
    prompts: readonly SegmentPrompt[],
    size: PixelSize,
  ): Promise<{ mask: Uint8Array<ArrayBuffer>; score: number | null }> {
    const view = this.#views.get(viewId);
    if (view === undefined) {
      throw new RpcError("not-found", "This view has to be encoded again.");
    }
    const { imageId, pixelWindow, imageSize } = view;
    const { mask, score } = await this.#asked(async () => {
      const client = await this.#engine.client();
      return client.segments.find({
        imageId,
        prompts: prompts.map((prompt) => promptInImage(prompt, pixelWindow, imageSize)),
        outputSize: size,
      });
    });
    return { mask: new Uint8Array(mask), score };
  }

  /** Asks the engine; one that has died is told of, and started anew by the next question. */
  async #asked<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    this.#stayAwake();
    try {
      return await question();
    } catch (error) {
      if (error instanceof RpcError && error.code !== "disconnected") {
        throw error;
      }
      this.#forgetViews();
      throw await this.#engine.explained(error);
    } finally {
      this.#stayAwake();
    }
  }

  #forgetViews(): void {
    this.#frame = null;
    this.#views.clear();
    this.#looking.clear();
  }

  #stayAwake(): void {
    this.#rest();
    this.#idle = setTimeout(() => {
      this.#forgetViews();
      void this.#engine.close();
    }, IDLE_MILLISECONDS);
    this.#idle.unref();
  }

  #rest(): void {
    if (this.#idle !== null) {
      clearTimeout(this.#idle);
      this.#idle = null;
    }
  }
}
