import { randomUUID } from "node:crypto";
import type { PixelWindow } from "#shared/geo/pixel-window.ts";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { PlacesFound } from "#shared/metrics/connected-places.ts";
import type { EvaluatedSplit } from "#shared/metrics/evaluated-ground.ts";
import type { FoundPlaces, PlaceSelection } from "#shared/metrics/evaluation-detail.ts";
import type { MaskEvaluation } from "#shared/metrics/mask-evaluation.ts";
import { placesOfIndex } from "#shared/metrics/place-index.ts";
import { hasLabels } from "#shared/project/mosaic.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { partMask } from "#shared/training/part-mask.ts";
import type { Project } from "../projects/index.ts";
import { findSplit } from "../saved-splits/index.ts";
import { maskFiles } from "./compare-folders.ts";
import type { BandOptions } from "./each-band.ts";
import {
  evaluateMaskFiles,
  maskIds,
  meantClasses,
  type JudgedMosaic,
  type MaskReading,
} from "./evaluate-masks.ts";
import { onlyWithin, pixelAreaOf } from "./ground-pixels.ts";
import { LentMasks } from "./lent-masks.ts";
import type { IndexBeside, IndexQuestion, PlaceIndexes } from "./place-indexes.ts";
import { findPlaces, joinPlaces } from "./places.ts";

/** Which masks are held against which labels, and how. */
export interface MaskQuestion extends MaskReading {
  /** Null for all that are labelled. */
  readonly mosaicIds: readonly string[] | null;
  readonly borderTolerancePixels: number;
  readonly within?: EvaluatedSplit | undefined;
}

/** Masks from anywhere with the labels that they go with. */
export interface JudgedSet {
  readonly id: string;
  readonly projectId: string;
  /** The file or folder that was named. */
  readonly path: string;
  readonly question: MaskQuestion;
  readonly mosaics: readonly JudgedMosaic[];
  /** Names of labelled mosaics that no mask goes with. */
  readonly withoutMask: readonly string[];
}

/** Sets whose tiles and places can be asked for: those of the last counts. */
const MOST_SETS = 16;

/** Masks from anywhere as they are compared with a project's labels, and where on the map they are wrong. */
export class JudgedMasks {
  readonly #placeIndexes: PlaceIndexes;
  readonly #lent = new LentMasks();
  readonly #sets = new Map<string, JudgedSet>();

  constructor(placeIndexes: PlaceIndexes) {
    this.#placeIndexes = placeIndexes;
  }

  /**
   * Finds which masks go with which labelled mosaics: a folder's by the mosaics' names, or one file. Throws `invalid-input` where none has the name of a labelled
   * mosaic, or several have.
   */
  async judge(project: Project, given: string, question: MaskQuestion): Promise<JudgedSet> {
    const { mosaicIds, within } = question;
    const files = await maskFiles(given);
    const labelled = project
      .snapshot()
      .mosaics.filter((mosaic) => mosaic.kind === "ready")
      .filter(({ id, mask }) => hasLabels(mask) && (mosaicIds === null || mosaicIds.includes(id)));
    const split = within === undefined ? null : await findSplit(project, within.splitId);
    if (within !== undefined && split === null) {
      throw new RpcError("not-found", "There is no such split in this project any more.");
    }
    const judged: JudgedMosaic[] = [];
    const isOnlyFile = files.isFile && labelled.length === 1;
    for (const { id, name, image } of labelled) {
      const paths = isOnlyFile ? [...files.paths.values()][0] : files.paths.get(name);
      if (paths === undefined) {
        continue;
      }
      const [maskPath = "", ...others] = paths;
      if (others.length > 0) {
        throw new RpcError(
          "invalid-input",
          `${given} holds several masks called ${name}: move all but one away.`,
        );
      }
      const truth = (pixelWindow: PixelWindow): Promise<Uint8Array> =>
        project.readLabels(id, { pixelWindow });
      judged.push({
        ...{ mosaicId: id, name, image, maskPath, pixelArea: pixelAreaOf(image) },
        truth:
          split === null || within === undefined
            ? truth
            : onlyWithin(truth, partMask(split, id, within.part)),
      });
    }
    if (judged.length === 0) {
      throw new RpcError(
        "invalid-input",
        `No mask in ${given} has the name of a labelled mosaic (${labelled.map(({ name }) => name).join(", ") || "there is none"}).`,
      );
    }
    const found = new Set(judged.map(({ name }) => name));
    const set: JudgedSet = {
      ...{ id: randomUUID(), projectId: project.id, path: given, question, mosaics: judged },
      withoutMask: labelled.map(({ name }) => name).filter((name) => !found.has(name)),
    };
    this.#sets.set(set.id, set);
    for (const oldest of this.#sets.keys()) {
      if (this.#sets.size <= MOST_SETS) {
        break;
      }
      this.#sets.delete(oldest);
    }
    return set;
  }

  /** A set that was judged. Throws `not-found`. */
  get(projectId: string, masksId: string): JudgedSet {
    const set = this.#sets.get(masksId);
    if (set?.projectId !== projectId) {
      throw new RpcError(
        "not-found",
        "These masks aren’t open any more: compare them with the labels again.",
      );
    }
    return set;
  }

  /** All numbers of the set in one pass, in which its places are found too. Throws `conflict` for a mask on another grid unless it is to be resampled. */
  async count(project: Project, set: JudgedSet, options: BandOptions = {}): Promise<MaskEvaluation> {
    const { mosaics, question } = set;
    const indexers = new Map<string, IndexBeside>();
    for (const mosaic of mosaics) {
      const indexer = await this.#placeIndexes.beside(project, indexQuestion(project, set, mosaic));
      if (indexer !== null) {
        indexers.set(mosaic.mosaicId, indexer);
      }
    }
    const evaluation = await evaluateMaskFiles(mosaics, project.snapshot().classes, {
      ...question,
      ...options,
      onWindow: (mosaicId, window) => indexers.get(mosaicId)?.add(window),
    });
    for (const indexer of indexers.values()) {
      await indexer.finish();
    }
    return { ...evaluation, withoutMask: [...set.withoutMask] };
  }

  /** Where the pixels of one cell of the confusion matrix (or of a class's errors) are. */
  async places(
    project: Project,
    set: JudgedSet,
    request: { readonly selection: PlaceSelection; readonly most: number },
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<FoundPlaces> {
    const { selection, most } = request;
    const comparedOf = (mosaic: JudgedMosaic, signal: AbortSignal | undefined) => ({
      ...{ mosaicId: mosaic.mosaicId, size: mosaic.image, truth: mosaic.truth },
      prediction: async (pixelWindow: PixelWindow) => ({
        ids: await this.readIds(set, mosaic, pixelWindow, { signal }),
        confidence: null,
      }),
    });
    const found: (readonly [string, PlacesFound])[] = [];
    for (const mosaic of set.mosaics) {
      const question = indexQuestion(project, set, mosaic);
      const index = await this.#placeIndexes.index(
        project,
        question,
        // Not our own signal: others may wait for the same index when we leave.
        (signal) => Promise.resolve(comparedOf(mosaic, signal)),
        options,
      );
      const places = placesOfIndex(index, selection, most);
      if (places === null) {
        const { borderTolerancePixels } = set.question;
        const compared = set.mosaics.map((one) => comparedOf(one, options.signal));
        return findPlaces(compared, question.classIds, request, { ...options, borderTolerancePixels });
      }
      found.push([mosaic.mosaicId, places]);
    }
    return joinPlaces(found, most);
  }

  /** The classes that a mask of the set says, on its mosaic's grid; 255 for none. */
  readIds(
    { question: { mapping, otherGrids } }: JudgedSet,
    mosaic: JudgedMosaic,
    pixelWindow: PixelWindow,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Uint8Array> {
    const meant = meantClasses(mapping);
    return this.#lent.use(mosaic.maskPath, async (mask) => {
      const ids = await maskIds(mask, mosaic, otherGrids, options).ids(pixelWindow);
      return ids.map((id) => meant[id]!);
    });
  }
}

function indexQuestion(
  project: Project,
  { question: { mapping, otherGrids, borderTolerancePixels, within } }: JudgedSet,
  { mosaicId, maskPath }: JudgedMosaic,
): IndexQuestion {
  return {
    ...{ mosaicId, borderTolerancePixels, within },
    classIds: countedClasses(project.snapshot().classes).map(({ id }) => id),
    judged: { kind: "mask", filePath: maskPath, reading: JSON.stringify([mapping, otherGrids]) },
  };
}
