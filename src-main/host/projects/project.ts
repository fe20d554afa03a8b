import type { PixelSize, PixelWindow } from "#shared/geo/pixel-window.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { Problem, ReadyMosaic } from "#shared/project/mosaic.ts";
import type { DisplayState } from "#shared/project/display-state.ts";
import type { ProjectSnapshot, ViewState } from "#shared/project/project-snapshot.ts";
import type { Raster } from "../../raster/index.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";
import type { LabelReadOptions, ProjectLabels } from "../labels/index.ts";
import type { MaskCounts } from "./mask-values.ts";

/** Which labels to read: `pixelWindow` on the mosaic's grid, made `outputSize` large by nearest neighbour. */
export interface LabelRequest {
  readonly pixelWindow: PixelWindow;
  /** Defaults to the window's own size. */
  readonly outputSize?: PixelSize;
}

/** An open folder of mosaics: what the page sees of it, and how the other services read it. */
export interface Project {
  /** Made from the folder's real path: the same folder has the same id in every session. */
  readonly id: string;
  readonly folderPath: string;
  /**
   * Where Orthomask keeps its own files of this project: FOLDER/.orthomask, or below the data directory when the folder is
   * read-only (no write bit in its mode, even for root). It need not exist yet.
   */
  readonly storageDirectory: string;
  /** A new object after each change, so that it can be compared by identity. */
  snapshot(): ProjectSnapshot;
  /** Calls `listener` after each change of the snapshot; returns how to stop. */
  onChange(listener: () => void): () => void;
  /** A ready mosaic; throws `not-found` for an unknown id and for one that could not be read. */
  mosaic(mosaicId: string): ReadyMosaic;
  /** The mosaic's image reader, shared and kept open by the project: never close it. */
  image(mosaicId: string): Promise<Raster>;
  /** What was painted over the masks, or where there are none. */
  readonly labels: ProjectLabels;
  /** Class ids on the mosaic's grid as edited, else of its mask, row-major; 255 for unlabelled, nodata, outside, and ids that are no class. */
  readLabels(
    mosaicId: string,
    request: LabelRequest,
    options?: LabelReadOptions,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Absolute path of a mosaic's image, for the command line and exports. */
  imagePath(mosaicId: string): string;
  /** Changes with every change of what `readLabels` reads; null while a mosaic has no labels at all. */
  labelsVersion(mosaicId: string): string | null;
  /** Absolute path of a mosaic's matched mask, null without one. */
  maskPath(mosaicId: string): string | null;
  /** Resolves when the folder has been read once and the classes are known; never rejects. */
  settled(): Promise<void>;
  /** Resolves when every matched mask's pixels are counted; never rejects. */
  counted(): Promise<void>;
  /** Pixels of the matched mask by id, also ids that are no class; null without a mask and while they are being counted. */
  maskCounts(mosaicId: string): MaskCounts | null;
  setClasses(classes: readonly LandClass[]): Promise<void>;
  saveView(view: ViewState): Promise<void>;
  /** Keeps how layers are shown and what is selected. */
  saveDisplay(display: DisplayState): Promise<void>;
  /** Keeps the settings of the next training; null for the suggested ones. */
  saveTraining(settings: TrainingSettings | null): Promise<void>;
  /** Reads the folder again; resolves when that is done. */
  rescan(): Promise<void>;
  /** Adds a problem, or replaces the one with its id. */
  addProblem(problem: Problem): void;
  clearProblem(problemId: string): void;
  close(): Promise<void>;
}
