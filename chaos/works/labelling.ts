import type { SeededRandom } from "#shared/training/seeded-random.ts";
import type { RunningApp } from "../running-app.ts";
import type { Work } from "../work.ts";

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly id: number;
}

/** Rectangles painted one after the other; what was acknowledged is kept as pixels of our own. */
export class Labelling implements Work {
  readonly span = [0, 300] as const;
  readonly #side: number;
  #pixels: Uint8Array | null = null;
  #inFlight: Rectangle | null = null;

  constructor(side: number) {
    this.#side = side;
  }

  async run(app: RunningApp, random: SeededRandom, { stop }: { readonly stop: AbortSignal }): Promise<void> {
    this.#pixels ??= await this.#read(app);
    while (!stop.aborted) {
      await this.#paintOne(app, random);
    }
  }

  /** Paints so many rectangles. */
  async paint(app: RunningApp, random: SeededRandom, count: number): Promise<void> {
    this.#pixels ??= await this.#read(app);
    for (let painted = 0; painted < count; painted++) {
      await this.#paintOne(app, random);
    }
  }

  async #paintOne(app: RunningApp, random: SeededRandom): Promise<void> {
    const rectangle = this.#draw(app, random);
    const { x, y, width, height, id } = rectangle;
    const ring: [number, number][] = [
      [x, y],
      [x + width, y],
      [x + width, y + height],
      [x, y + height],
    ];
    this.#inFlight = rectangle;
    await app.client.labels.edit({
      projectId: app.projectId,
      mosaicId: app.mosaicIds[0] as string,
      edit: {
        name: "Rectangle",
        parts: [{ paintId: id, shape: { kind: "polygon", rings: [ring] } }],
        rules: { lockedIds: [], onlyUnlabelled: false },
      },
    });
    this.#pixels = this.#painted(this.#pixels as Uint8Array, rectangle);
    this.#inFlight = null;
  }

  /** `mayTell` where a damaged journal is what is tried. */
  async check(app: RunningApp, { mayTell = false }: { readonly mayTell?: boolean } = {}): Promise<string[]> {
    const found = await this.#read(app);
    const before = this.#pixels;
    const inFlight = this.#inFlight;
    this.#pixels = found;
    this.#inFlight = null;
    const losses = mayTell
      ? []
      : app.problems.map(({ message }) => message).filter((message) => message.includes("journal"));
    if (before === null || Buffer.compare(before, found) === 0) {
      return losses;
    }
    if (inFlight !== null && Buffer.compare(this.#painted(before, inFlight), found) === 0) {
      return losses;
    }
    const other = before.reduce((count, id, index) => count + (id === found[index] ? 0 : 1), 0);
    return [...losses, `${other} pixels of acknowledged edits differ`];
  }

  #draw(app: RunningApp, random: SeededRandom): Rectangle {
    const [x, y] = [random.integer(this.#side - 1), random.integer(this.#side - 1)];
    const width = 1 + random.integer(this.#side - x);
    const height = 1 + random.integer(this.#side - y);
    return { x, y, width, height, id: app.classIds[random.integer(app.classIds.length)] as number };
  }

  #painted(pixels: Uint8Array, { x, y, width, height, id }: Rectangle): Uint8Array {
    const result = pixels.slice();
    for (let row = y; row < y + height; row++) {
      result.fill(id, row * this.#side + x, row * this.#side + x + width);
    }
    return result;
  }

  #read(app: RunningApp): Promise<Uint8Array> {
    return app.client.labels.read({
      projectId: app.projectId,
      mosaicId: app.mosaicIds[0] as string,
      pixelWindow: { x: 0, y: 0, width: this.#side, height: this.#side },
    });
  }
}
