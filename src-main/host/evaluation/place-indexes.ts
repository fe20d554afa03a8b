import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { EvaluatedGround } from "#shared/metrics/evaluated-ground.ts";
import type { PlacesFound } from "#shared/metrics/connected-places.ts";
import { PlaceIndexer, type PlaceIndex } from "#shared/metrics/place-index.ts";
import type { ComparedWindow } from "#shared/metrics/evaluation-tally.ts";
import { SharedLoad } from "../../raster/index.ts";
import type { Project } from "../projects/index.ts";
import { writeFileWhole } from "../write-file-whole.ts";
import { eachComparedBand, type ComparedRasters } from "./compared-rasters.ts";

/** What an index tells of; each of these changes its places. */
export interface IndexQuestion {
  readonly mosaicId: string;
  readonly classIds: readonly number[];
  readonly borderTolerancePixels: number;
  readonly within: EvaluatedGround | undefined;
  readonly judged: IndexedIds;
}

/** What is held against the labels, and what it is known to be unchanged by. */
export type IndexedIds =
  /** The folder of a prediction, in which its index is kept. */
  | { readonly kind: "prediction"; readonly folder: string }
  /** A file from elsewhere; `reading` says what its values mean and how it is laid on the mosaic's grid. */
  | { readonly kind: "mask"; readonly filePath: string; readonly reading: string };

/** An index that was made, and of what. */
interface KeptIndex {
  readonly fingerprint: string;
  readonly index: PlaceIndex;
}

/** An index in the making, for as many as wait for it. */
interface Making {
  readonly fingerprint: string;
  readonly load: SharedLoad<PlaceIndex>;
}

/** Makes an index of windows that somebody else reads: all of a mosaic from the top, then `finish`, which keeps it. */
export interface IndexBeside {
  readonly add: (window: ComparedWindow) => void;
  readonly finish: () => Promise<void>;
}

/** As many of the largest places of each cell are listed and kept. */
const MOST_PLACES = 100;
/** Indexes in memory: some hundred kilobytes each for a few classes, some megabytes for thirty. */
const MOST_IN_MEMORY = 16;

const indexFile = "places.json";

/** Places as numbers in a row, seven each, since there are thousands: x, y, width, height, pixels, column and row of the anchor. */
const NUMBERS = 7;
const fileSchema = z.object({
  version: z.literal(1),
  fingerprint: z.string(),
  most: z.int(),
  found: z.record(z.string(), z.object({ places: z.int(), pixels: z.int(), largest: z.array(z.number()) })),
});

/**
 * Knows the largest places of every cell of the matrix, mosaic by mosaic, so that a press on a cell needs no second look at the pixels. An index is
 * made once for what labels and prediction are, and kept beside the prediction (`places.json`); with other labels, another prediction, other
 * classes or another ground it is another one.
 */
export class PlaceIndexes {
  readonly #kept = new Map<string, KeptIndex>();
  readonly #making = new Map<string, Making>();

  /** What an index of now would be of; null while the prediction isn't finished, since its index would be another one in a moment. */
  async #fingerprint(project: Project, question: IndexQuestion): Promise<string | null> {
    const { mosaicId, classIds, borderTolerancePixels, within, judged } = question;
    // Another process may have painted.
    await project.labels.editedNow(mosaicId);
    const version = await versionOf(judged);
    if (version === null) {
      return null;
    }
    const labelClasses = project.snapshot().classes.map(({ id }) => id);
    return JSON.stringify([
      project.labelsVersion(mosaicId),
      ...version,
      ...[classIds, labelClasses, borderTolerancePixels, within ?? null],
    ]);
  }

  /** The index of a question, from memory, from its file, or made now; whoever asks meanwhile waits for the same one. */
  async index(
    project: Project,
    question: IndexQuestion,
    compared: (signal: AbortSignal) => Promise<ComparedRasters>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<PlaceIndex> {
    const fingerprint = await this.#fingerprint(project, question);
    const known = fingerprint === null ? null : await this.#known(question, fingerprint);
    if (known !== null) {
      return known;
    }
    const key = keyOf(question);
    const others = this.#making.get(key);
    if (others !== undefined && others.fingerprint === fingerprint) {
      return others.load.join(options.signal);
    }
    const stopping = new AbortController();
    const made = this.#make(project, question, compared, stopping.signal);
    const load = new SharedLoad(made, () => {
      stopping.abort();
    });
    const making: Making = { fingerprint: fingerprint ?? "", load };
    this.#making.set(key, making);
    const forget = (): void => {
      if (this.#making.get(key) === making) {
        this.#making.delete(key);
      }
    };
    stopping.signal.addEventListener("abort", forget);
    made.then(forget, forget);
    return load.join(options.signal);
  }

  /** Makes an index beside another look at the same pixels; null where there is one already, or the prediction isn't finished. */
  async beside(project: Project, question: IndexQuestion): Promise<IndexBeside | null> {
    const fingerprint = await this.#fingerprint(project, question);
    if (fingerprint === null || (await this.#known(question, fingerprint)) !== null) {
      return null;
    }
    const indexer = new PlaceIndexer(question.classIds, MOST_PLACES);
    return {
      add: ({ truth, prediction, width }) => {
        indexer.addRows(truth, prediction, width);
      },
      finish: () => this.#keep(project, question, fingerprint, indexer.finish()),
    };
  }

  async #make(
    project: Project,
    question: IndexQuestion,
    compared: (signal: AbortSignal) => Promise<ComparedRasters>,
    signal: AbortSignal,
  ): Promise<PlaceIndex> {
    const before = await this.#fingerprint(project, question);
    const indexer = new PlaceIndexer(question.classIds, MOST_PLACES);
    await eachComparedBand(
      await compared(signal),
      ({ truth, prediction, width }) => {
        indexer.addRows(truth, prediction, width);
      },
      { borderTolerancePixels: question.borderTolerancePixels, signal },
    );
    const index = indexer.finish();
    if (before !== null) {
      await this.#keep(project, question, before, index);
    }
    return index;
  }

  /** Keeps an index, unless what it tells of has changed while it was made. */
  async #keep(
    project: Project,
    question: IndexQuestion,
    fingerprint: string,
    index: PlaceIndex,
  ): Promise<void> {
    const now = await this.#fingerprint(project, question).catch(() => null);
    if (now !== fingerprint) {
      return;
    }
    this.#remember(question, { fingerprint, index });
    const filePath = fileOf(question);
    if (filePath !== null) {
      // Where nothing can be written, it is made again by the next process.
      await writeFileWhole(filePath, fileText(fingerprint, index)).catch(() => undefined);
    }
  }

  async #known(question: IndexQuestion, fingerprint: string): Promise<PlaceIndex | null> {
    const kept = this.#kept.get(keyOf(question));
    if (kept?.fingerprint === fingerprint) {
      return kept.index;
    }
    const filePath = fileOf(question);
    const text = filePath === null ? null : await readFile(filePath, "utf8").catch(() => null);
    const index = text === null ? null : readFileText(text, fingerprint);
    if (index !== null) {
      this.#remember(question, { fingerprint, index });
    }
    return index;
  }

  #remember(question: IndexQuestion, kept: KeptIndex): void {
    const key = keyOf(question);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_IN_MEMORY) {
        break;
      }
      this.#kept.delete(oldest);
    }
  }
}

/** What tells one state of the judged pixels from another; null while they are still coming. */
export async function versionOf(judged: IndexedIds): Promise<readonly unknown[] | null> {
  switch (judged.kind) {
    case "prediction": {
      const recordPath = path.join(judged.folder, "prediction.json");
      const [record, { mtimeMs }] = await Promise.all([readFile(recordPath, "utf8"), stat(recordPath)]);
      const { complete } = z.object({ complete: z.boolean() }).parse(JSON.parse(record));
      return complete ? [record, mtimeMs] : null;
    }
    case "mask": {
      const { mtimeMs, size, ino } = await stat(judged.filePath);
      return [judged.reading, mtimeMs, size, ino];
    }
  }
}

function keyOf({ mosaicId, judged, borderTolerancePixels, within }: IndexQuestion): string {
  return JSON.stringify([mosaicId, judged, borderTolerancePixels, within ?? null]);
}

/** All that is labelled has a file beside the prediction; a border left out, a part of the ground or a mask from elsewhere is in memory only, where its evaluation has put it. */
function fileOf({ judged, borderTolerancePixels, within }: IndexQuestion): string | null {
  return judged.kind === "prediction" && borderTolerancePixels === 0 && within === undefined
    ? path.join(judged.folder, indexFile)
    : null;
}

function fileText(fingerprint: string, { most, found }: PlaceIndex): string {
  const file: z.infer<typeof fileSchema> = {
    version: 1,
    fingerprint,
    most,
    found: Object.fromEntries(
      [...found].map(([word, { largest, ...counts }]) => [
        word,
        {
          ...counts,
          largest: largest.flatMap(({ pixelWindow: { x, y, width, height }, pixels, anchor }) => [
            ...[x, y, width, height, pixels],
            ...anchor,
          ]),
        },
      ]),
    ),
  };
  return JSON.stringify(file);
}

/** Null for what isn't an index of just this; it is made again then. */
function readFileText(text: string, fingerprint: string): PlaceIndex | null {
  try {
    const file = fileSchema.parse(JSON.parse(text));
    if (file.fingerprint !== fingerprint) {
      return null;
    }
    const found = new Map<string, PlacesFound>();
    for (const [word, { largest, ...counts }] of Object.entries(file.found)) {
      found.set(word, { ...counts, largest: placesOfNumbers(largest) });
    }
    return { most: file.most, found };
  } catch {
    return null;
  }
}

function placesOfNumbers(numbers: readonly number[]): PlacesFound["largest"] {
  return Array.from({ length: Math.floor(numbers.length / NUMBERS) }, (_, index) => {
    const [x = 0, y = 0, width = 0, height = 0, pixels = 0, column = 0, row = 0] = numbers.slice(
      index * NUMBERS,
      (index + 1) * NUMBERS,
    );
    return { pixelWindow: { x, y, width, height }, pixels, anchor: [column, row] };
  });
}
