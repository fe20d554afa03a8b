import type { AppContract } from "#shared/contract.ts";
import { countedClasses } from "#shared/metrics/confusion-matrix.ts";
import type { Implementation } from "#shared/rpc/contract.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import { splitOfDraft } from "#shared/training/draft-split.ts";
import type { GroundSplit, SavedSplit, SplitPart } from "#shared/training/saved-split.ts";
import { SplitGround } from "#shared/training/split-by-areas.ts";
import { nearestTraining, splitLeaks } from "#shared/training/split-leaks.ts";
import type { SplitDraft, SplitPreview, SplitSummary } from "#shared/training/split-preview.ts";
import { tileGrid } from "#shared/training/tile-grid.ts";
import type { LabelKnowledge } from "#shared/training/tile-split.ts";
import { ChangeSignal } from "../change-signal.ts";
import { latestValues } from "../latest-values.ts";
import { lookEveryFewSeconds } from "../outside-changes.ts";
import type { Project } from "../projects/index.ts";
import { findSplit, listSplits, removeSplit, saveSplit, splitFileNames } from "../saved-splits/index.ts";
import { LabelCensus, labelKnowledge, labelledMosaics, splitMosaics } from "../training/index.ts";

/** What a preview is about. */
export interface SplitQuestion {
  readonly draft: SplitDraft;
  /** Tiles that the split is shown for. */
  readonly tilePixels: number;
  readonly seed: number;
}

const PARTS: readonly SplitPart[] = ["training", "validation", "test", "unused"];

/** Divides the ground of projects for training, validation and test, and keeps such splits by name. */
export class Splits {
  readonly #projects: { get(projectId: string): Project };
  readonly #census = new LabelCensus();
  readonly #changes = new ChangeSignal(0);

  constructor(projects: { get(projectId: string): Project }) {
    this.#projects = projects;
  }

  /** What a way to split comes to, with class shares, leaks and distances. Throws `SplitError` where it can't be carried out. */
  async preview(
    project: Project,
    { draft, tilePixels, seed }: SplitQuestion,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<SplitPreview> {
    await project.settled();
    const labelled = labelledMosaics(project, null);
    const mosaics = splitMosaics(project, labelled);
    const classes = project.snapshot().classes;
    const counted = countedClasses(classes);
    const censuses = await this.#census.count(
      project,
      labelled.map(({ id }) => id),
      classes.map(({ id }) => id),
      options,
    );
    const labels = labelKnowledge(censuses, counted);
    const split = await this.#split(project, draft, { mosaics, tilePixels, labels, seed });
    const ground = new SplitGround(mosaics, split);
    const grid = mosaics.flatMap((mosaic) =>
      tileGrid(mosaic, tilePixels).tiles.map(({ pixelWindow }) => ({ mosaicId: mosaic.id, pixelWindow })),
    );
    // A training takes no tile without labels, so such a tile holds nothing back either.
    const labelledTiles = grid.filter(({ mosaicId, pixelWindow }) =>
      labels.classPixels(mosaicId, pixelWindow).some((pixels) => pixels > 0),
    );
    const labelledParts = ground.partsOfTiles(labelledTiles);
    const partOf = new Map(labelledTiles.map((tile, index) => [tile, labelledParts[index]]));
    const tiles = grid.map((tile) => ({ ...tile, part: partOf.get(tile) ?? ("unused" as const) }));
    const leaks = splitLeaks(mosaics, tiles);
    const nearest = nearestTraining(mosaics, tiles);
    const parts = PARTS.map((part) => partFacts(part, tiles, labels, counted));
    return {
      split,
      tiles,
      parts,
      leaks,
      nearest,
      warnings: warningsOf(draft, parts, leaks, nearest, counted),
    };
  }

  /** Saves what a draft comes to under a name. */
  async save(project: Project, name: string, question: SplitQuestion): Promise<SavedSplit> {
    const { split } = await this.preview(project, question);
    const saved = await saveSplit(project, name, split);
    this.#changes.emit();
    return saved;
  }

  implementation(): Implementation<AppContract>["splits"] {
    return {
      watch: ({ projectId }, { signal }) => this.#watch(this.#projects.get(projectId), signal),
      preview: ({ projectId, ...question }, { signal }) =>
        this.preview(this.#projects.get(projectId), question, { signal }),
      save: async ({ projectId, name, ...question }) => {
        const { id } = await this.save(this.#projects.get(projectId), name, question);
        return { splitId: id };
      },
      remove: async ({ projectId, splitId }) => {
        await removeSplit(this.#projects.get(projectId), splitId);
        this.#changes.emit();
      },
    };
  }

  async *#watch(project: Project, signal: AbortSignal): AsyncGenerator<SplitSummary[]> {
    // Before the splits themselves, so that one saved in between is found by the next look.
    let known = (await splitFileNames(project)).join();
    let latest = (await listSplits(project)).map(summaryOf);
    const listeners = new Set<() => void>();
    const look = async (): Promise<void> => {
      // A split never changes: which there are says all.
      const names = (await splitFileNames(project)).join();
      if (names !== known) {
        known = names;
        latest = (await listSplits(project)).map(summaryOf);
        listeners.forEach((listener) => {
          listener();
        });
      }
    };
    const stopListening = this.#changes.listen(() => void look());
    // The command line saves splits too.
    const stopLooking = lookEveryFewSeconds(look);
    try {
      yield* latestValues(
        () => latest,
        (listener) => {
          listeners.add(listener);
          return () => {
            listeners.delete(listener);
          };
        },
        { signal },
      );
    } finally {
      stopListening();
      stopLooking();
    }
  }

  async #split(
    project: Project,
    draft: SplitDraft,
    input: Parameters<typeof splitOfDraft>[1],
  ): Promise<GroundSplit> {
    if (draft.kind !== "saved") {
      return splitOfDraft(draft, input);
    }
    const saved = await findSplit(project, draft.splitId);
    if (saved === null) {
      throw new RpcError("not-found", "There is no such split in this project any more.");
    }
    return { areas: saved.areas, rest: saved.rest, guardMeters: saved.guardMeters };
  }
}

function summaryOf({ id, name, createdAt, areas, guardMeters }: SavedSplit): SplitSummary {
  return { id, name, createdAt, areas: areas.length, guardMeters };
}

function partFacts(
  part: SplitPart,
  tiles: SplitPreview["tiles"],
  labels: LabelKnowledge,
  classes: readonly { readonly id: number }[],
): SplitPreview["parts"][number] {
  const own = tiles.filter((tile) => tile.part === part);
  const totals = classes.map(() => 0);
  for (const { mosaicId, pixelWindow } of own) {
    for (const [index, pixels] of labels.classPixels(mosaicId, pixelWindow).entries()) {
      totals[index]! += pixels;
    }
  }
  const all = totals.reduce((sum, pixels) => sum + pixels, 0);
  return {
    part,
    tiles: own.length,
    classShares:
      all === 0 ? null : classes.map(({ id }, index) => ({ classId: id, share: totals[index]! / all })),
  };
}

function warningsOf(
  draft: SplitDraft,
  parts: SplitPreview["parts"],
  leaks: SplitPreview["leaks"],
  nearest: SplitPreview["nearest"],
  classes: readonly { readonly id: number; readonly name: string }[],
): string[] {
  const warnings: string[] = [];
  const touching = leaks.reduce((sum, leak) => sum + leak.touching, 0);
  const overlapping = leaks.reduce((sum, leak) => sum + leak.overlapping, 0);
  if (draft.kind === "random" && nearest !== null) {
    warnings.push(
      `Random tiles lie beside each other: half of the held-back tiles are within ${Math.round(nearest.median)} ${nearest.unit} of one that is trained on, so numbers come out too good.`,
    );
  }
  if (overlapping > 0) {
    warnings.push(`${overlapping} held-back tiles show ground that another part shows too.`);
  } else if (touching > 0 && draft.kind !== "random") {
    warnings.push(`${touching} held-back tiles touch a tile of another part: a guard band keeps them apart.`);
  }
  for (const part of ["training", "validation"] as const) {
    const facts = parts.find((one) => one.part === part);
    if (facts === undefined || facts.tiles === 0) {
      warnings.push(`There is no tile for ${part}.`);
      continue;
    }
    const missing = classes.filter(
      ({ id }) =>
        facts.classShares?.find(({ classId }) => classId === id)?.share === 0 &&
        parts.some((other) => (other.classShares?.find(({ classId }) => classId === id)?.share ?? 0) > 0),
    );
    if (missing.length > 0) {
      warnings.push(`No ${part} tile has ${missing.map(({ name }) => name).join(", ")}.`);
    }
  }
  return warnings;
}
