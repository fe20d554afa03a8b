import { SvelteMap } from "svelte/reactivity";
import type { PickableFile } from "#shared/contract.ts";
import type { EvaluatedSplit } from "#shared/metrics/evaluated-ground.ts";
import type { ClassMapping } from "#shared/metrics/id-pairs.ts";
import type { MaskEvaluation } from "#shared/metrics/mask-evaluation.ts";
import { toRpcError } from "#shared/rpc/errors.ts";
import { groundWord, type MaskWords } from "#shared/command-line/command-lines.ts";
import { awaitResult } from "./await-result.ts";
import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";
import type { MasksGround } from "./places.svelte.ts";

/** What came of comparing masks with the labels. */
export type JudgingState =
  | { readonly kind: "working" }
  | {
      readonly kind: "ready";
      readonly evaluation: MaskEvaluation;
      /** Where their places are looked for. */
      readonly ground: MasksGround;
    }
  /** `onOtherGrid`: it could be compared if it were resampled. */
  | { readonly kind: "refused"; readonly reason: string; readonly onOtherGrid: boolean };

/** Values up to this one can be class ids. */
const LARGEST_ID = 254;

/** Masks from anywhere that are held against the project's labels. */
export class MaskJudging {
  readonly file: PickableFile;
  readonly #host: HostAccess;
  readonly #projectId: string;
  #state: JudgingState = $state.raw({ kind: "working" });
  #request = new AbortController();
  readonly #mapping = new SvelteMap<number, number | null>();
  /** Values that have been asked about: they stay in the list once they are answered. */
  #asked: readonly number[] = $state.raw([]);
  #isMappingKnown = false;
  #share = $state(0);

  /** All masks of the file's folder, by the mosaics' names. */
  folder = $state(true);
  resampled = $state(false);
  /** Pixels this near to a border between true classes count for nothing. */
  borderTolerancePixels = $state(0);
  /** A part of a saved split; null for all that is labelled. */
  within: EvaluatedSplit | null = $state.raw(null);

  constructor(host: HostAccess, projectId: string, file: PickableFile) {
    this.#host = host;
    this.#projectId = projectId;
    this.file = file;
  }

  get state(): JudgingState {
    return this.#state;
  }

  /** How far the count is, 0–1. */
  get share(): number {
    return this.#share;
  }

  /** What is counted, as the user knows it: the folder, or the file alone. */
  get displayPath(): string {
    const { displayPath, name } = this.file;
    return this.folder ? displayPath.slice(0, -name.length - 1) : displayPath;
  }

  /** How the command line is told of the same. */
  get words(): MaskWords {
    return {
      path: this.displayPath,
      mapping: this.mapping,
      resampled: this.resampled,
      borderTolerancePixels: this.borderTolerancePixels,
      within: this.within === null ? null : groundWord(this.within),
    };
  }

  /** Values whose meaning is, or was, in question. */
  get asked(): readonly number[] {
    return this.#asked;
  }

  /** The class that a value was said to mean; null for none, the value itself where nothing was said. */
  meaningOf(value: number): number | null {
    const meant = this.#mapping.get(value);
    return meant === undefined ? value : meant;
  }

  get mapping(): ClassMapping {
    return Object.fromEntries([...this.#mapping].map(([value, meant]) => [String(value), meant]));
  }

  /** Says what a value means, and counts again. */
  mean(value: number, meant: number | null): void {
    this.#mapping.set(value, meant);
    void this.compare();
  }

  async compare(): Promise<void> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    this.#state = { kind: "working" };
    this.#share = 0;
    try {
      const counting = this.#host.client.evaluation.masks(
        {
          projectId: this.#projectId,
          fileId: this.file.fileId,
          folder: this.folder,
          mapping: this.#isMappingKnown ? this.mapping : null,
          otherGrids: this.resampled ? "nearest" : "refuse",
          borderTolerancePixels: this.borderTolerancePixels,
          ...(this.within === null ? {} : { within: this.within }),
        },
        { signal: request.signal },
      );
      const { evaluation, mapping, masksId, mosaicIds } = await awaitResult(counting, (share) => {
        if (!request.signal.aborted) {
          this.#share = share;
        }
      });
      if (request.signal.aborted) {
        return;
      }
      this.#takeMapping(mapping);
      const open = [...evaluation.unknown, ...evaluation.renamed].map(({ id }) => id);
      this.#asked = [...new Set([...this.#asked, ...this.#mapping.keys(), ...open])]
        .filter((value) => value <= LARGEST_ID)
        .sort((first, second) => first - second);
      const ground = { masksId, mosaicIds, name: this.displayPath, choice: this.words };
      this.#state = { kind: "ready", evaluation, ground: { kind: "masks", ...ground } };
    } catch (thrown) {
      if (!request.signal.aborted) {
        const onOtherGrid = !this.resampled && toRpcError(thrown).code === "conflict";
        this.#state = { kind: "refused", reason: sentenceOf(thrown), onOtherGrid };
      }
    }
  }

  /** Counts, unless the numbers are there already. */
  open(): void {
    if (this.#state.kind !== "ready") {
      void this.compare();
    }
  }

  /** Nobody looks any more: a count under way ends. */
  close(): void {
    this.#request.abort();
  }

  #takeMapping(mapping: ClassMapping): void {
    if (!this.#isMappingKnown) {
      this.#isMappingKnown = true;
      for (const [value, meant] of Object.entries(mapping)) {
        this.#mapping.set(Number(value), meant);
      }
    }
  }
}
