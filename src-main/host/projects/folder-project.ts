import { setMaxListeners } from "node:events";
import path from "node:path";
import { UNLABELLED_ID, landClassesSchema } from "#shared/project/land-class.ts";
import type { TrainingSettings } from "#shared/training/training-settings.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import type { Problem, ReadyMosaic } from "#shared/project/mosaic.ts";
import type { DisplayState } from "#shared/project/display-state.ts";
import type { ProjectSnapshot, ViewState } from "#shared/project/project-snapshot.ts";
import { RpcError } from "#shared/rpc/errors.ts";
import type { Raster } from "../../raster/index.ts";
import { ChangeSignal } from "../change-signal.ts";
import { ProjectLabels, theirsOf, type LabelReadOptions } from "../labels/index.ts";
import type { LabelBase } from "../labels/index.ts";
import { CLASSES_FILE, classesFromMasks, readClassesFile } from "./class-discovery.ts";
import type { ClassesFile } from "./class-discovery.ts";
import { examineMosaic } from "./examine-mosaic.ts";
import { listFolder } from "./list-folder.ts";
import type { FolderListing } from "./list-folder.ts";
import { filesOf, mosaicNames, versionOf } from "./listed-mosaic.ts";
import { countMask, readMaskIds } from "./mask-values.ts";
import type { MaskCounts } from "./mask-values.ts";
import { OpenRasters } from "./open-rasters.ts";
import { chooseViewProjection } from "./placement.ts";
import { mosaicIdOf } from "./project-id.ts";
import { ProjectMemory } from "./project-memory.ts";
import type { LoadedProjectFile, ProjectLocation } from "./project-storage.ts";
import type { LabelRequest, Project } from "./project.ts";
import { runLimited } from "../run-limited.ts";
import { describeMosaics, strayMaskProblem, lostFolderProblem } from "./snapshot-of.ts";
import type { KnownMosaic } from "./snapshot-of.ts";

/** Files examined at the same time: enough to keep two cores busy while others wait for the disk. */
const EXAMINED_AT_ONCE = 4;
/** Snapshots are sent whole: more than ten a second would only cost. */
const MILLISECONDS_BETWEEN_SNAPSHOTS = 100;
const MILLISECONDS_BETWEEN_LABEL_COUNTS = 1000;
/** Inside the project's storage: what was painted, a folder for each mosaic. */
const LABELS_FOLDER = "labels";
/** The version of labels that began from nothing. */
const NO_MASK = "none";

/** A project that is a folder on disk. */
export class FolderProject implements Project {
  readonly id: string;
  readonly folderPath: string;
  readonly storageDirectory: string;
  readonly #location: ProjectLocation;
  readonly #changes = new ChangeSignal(MILLISECONDS_BETWEEN_SNAPSHOTS);
  readonly #closing = new AbortController();
  readonly #problems = new Map<string, Problem>();
  readonly #rasters: OpenRasters;
  readonly #memory: ProjectMemory;
  readonly labels: ProjectLabels;
  /** Counts of labels change with every stroke, while a snapshot names every mosaic. */
  readonly #labelChanges = new ChangeSignal(MILLISECONDS_BETWEEN_LABEL_COUNTS);
  #classesFile: ClassesFile = { kind: "none" };
  /** In the folder's order; null where a mosaic has not been read yet. */
  #slots: (KnownMosaic | null)[] = [];
  #scanning = true;
  #snapshot: ProjectSnapshot | null = null;
  #scan: Promise<void>;
  #counting: Promise<void> = Promise.resolve();

  /** Begins to read the folder at once; `listing` is what is in it. */
  constructor(given: {
    readonly id: string;
    readonly folderPath: string;
    readonly location: ProjectLocation;
    readonly loaded: LoadedProjectFile;
    readonly listing: FolderListing;
    readonly rasters?: OpenRasters;
  }) {
    this.id = given.id;
    this.folderPath = given.folderPath;
    this.storageDirectory = given.location.storageDirectory;
    this.#location = given.location;
    this.#rasters = given.rasters ?? new OpenRasters();
    const tellOfFile = (message: string): void => {
      this.addProblem({
        id: "project-file",
        severity: "warning",
        file: path.basename(given.location.projectFilePath),
        mosaicId: null,
        message,
      });
    };
    this.#memory = new ProjectMemory(given.location, given.loaded, tellOfFile);
    this.labels = new ProjectLabels({
      folder: path.join(this.storageDirectory, LABELS_FOLDER),
      onWarning: (mosaicId, message) => {
        this.#tellOfLabels(mosaicId, message);
      },
    });
    this.labels.onChange(() => {
      this.#labelChanges.emit();
    });
    this.#labelChanges.listen(() => {
      this.#changed();
    });
    if (given.loaded.problem !== null) {
      tellOfFile(given.loaded.problem);
    }
    // Each read in flight listens on it: many are no leak.
    setMaxListeners(0, this.#closing.signal);
    this.#scan = this.#read(() => Promise.resolve(given.listing));
  }

  snapshot(): ProjectSnapshot {
    this.#snapshot ??= this.#makeSnapshot();
    return this.#snapshot;
  }

  onChange(listener: () => void): () => void {
    return this.#changes.listen(listener);
  }

  mosaic(mosaicId: string): ReadyMosaic {
    const mosaic = this.snapshot().mosaics.find((item) => item.id === mosaicId);
    if (mosaic === undefined) {
      throw new RpcError("not-found", "There is no such mosaic in this project.");
    }
    if (mosaic.kind === "failed") {
      throw new RpcError("not-found", `${mosaic.fileName} can't be opened: ${mosaic.reason}`);
    }
    return mosaic;
  }

  image(mosaicId: string): Promise<Raster> {
    return this.#rasters.open(this.imagePath(mosaicId));
  }

  imagePath(mosaicId: string): string {
    return this.#known(mosaicId).listed.image.filePath;
  }

  maskPath(mosaicId: string): string | null {
    const { examined } = this.#known(mosaicId);
    return examined.kind === "ready" && examined.mask.kind === "matched" ? examined.mask.file.filePath : null;
  }

  async readLabels(
    mosaicId: string,
    request: LabelRequest,
    options: LabelReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const ids =
      (await this.labels.readWindow(mosaicId, request, options)) ??
      (await this.#base(this.#known(mosaicId)).read(request, options));
    const classOf = new Uint8Array(256).fill(UNLABELLED_ID);
    for (const { id } of this.snapshot().classes) {
      classOf[id] = id;
    }
    for (let index = 0; index < ids.length; index++) {
      ids[index] = classOf[ids[index] ?? UNLABELLED_ID] ?? UNLABELLED_ID;
    }
    return ids;
  }

  settled(): Promise<void> {
    return this.#scan;
  }

  async counted(): Promise<void> {
    await this.#scan;
    await this.#counting;
  }

  maskCounts(mosaicId: string): MaskCounts | null {
    return this.#known(mosaicId).counts;
  }

  labelsVersion(mosaicId: string): string | null {
    const known = this.#known(mosaicId);
    const edited = this.labels.edited(mosaicId);
    const { version } = this.#base(known);
    return edited !== null ? `${version}+${edited.revision}` : version === NO_MASK ? null : version;
  }

  async setClasses(classes: readonly LandClass[]): Promise<void> {
    const written = this.#memory.change({ classes: landClassesSchema.parse(classes) });
    this.#changed();
    await written;
  }

  async saveView(view: ViewState): Promise<void> {
    const written = this.#memory.change({ view });
    this.#changed();
    await written;
  }

  async saveDisplay(display: DisplayState): Promise<void> {
    const written = this.#memory.change({ display });
    this.#changed();
    await written;
  }

  async saveTraining(settings: TrainingSettings | null): Promise<void> {
    const written = this.#memory.change({ training: settings });
    this.#changed();
    await written;
  }

  rescan(): Promise<void> {
    this.#scan = this.#scan.then(() => this.#read(() => listFolder(this.folderPath)));
    return this.#scan;
  }

  addProblem(problem: Problem): void {
    this.#problems.set(problem.id, problem);
    this.#changed();
  }

  clearProblem(problemId: string): void {
    if (this.#problems.delete(problemId)) {
      this.#changed();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#changes.close();
    await Promise.allSettled([this.#scan, this.#counting, this.#memory.settled()]);
    this.#labelChanges.close();
    // Its chunks may be based on masks, so before their readers close.
    await this.labels.close();
    await this.#rasters.close();
  }

  /** Reads the folder; what goes wrong becomes a problem, since nobody waits for it who could be told. */
  async #read(list: () => Promise<FolderListing>): Promise<void> {
    try {
      await this.#readFolder(await list());
      this.clearProblem("folder");
    } catch (error) {
      this.addProblem({
        id: "folder",
        severity: "error",
        file: null,
        mosaicId: null,
        message: `The folder can't be read any more: ${error instanceof Error ? error.message : String(error)}.`,
      });
    }
  }

  async #readFolder(listing: FolderListing): Promise<void> {
    const { signal } = this.#closing;
    this.#scanning = true;
    const before = new Map(this.#knownMosaics().map((mosaic) => [mosaic.id, mosaic]));
    const names = mosaicNames(listing.mosaics);
    const unchanged = listing.mosaics.map((listed, index): KnownMosaic | null => {
      const known = before.get(mosaicIdOf(listed.image.fileName));
      return known !== undefined && versionOf(known.listed) === versionOf(listed)
        ? { ...known, listed, name: names[index] ?? known.name }
        : null;
    });
    const kept = new Set(unchanged.flatMap((known) => (known === null ? [] : filesOf(known.listed))));
    for (const filePath of [...before.values()].flatMap(({ listed }) => filesOf(listed))) {
      if (!kept.has(filePath)) {
        await this.#rasters.forget(filePath);
      }
    }
    this.#slots = unchanged;
    this.#setOrClear("stray-masks", strayMaskProblem(listing.strayMasks.map((file) => file.fileName)));
    this.#setOrClear("lost-folders", lostFolderProblem(listing.lostFolders));
    await this.#readClasses();
    this.#changed();
    try {
      await runLimited(listing.mosaics, EXAMINED_AT_ONCE, async (listed, index) => {
        if (this.#slots[index] !== null) {
          return;
        }
        const examined = await examineMosaic(listed, { signal });
        const id = mosaicIdOf(listed.image.fileName);
        const known = { id, name: names[index] ?? id, listed, examined, counts: null };
        if (examined.kind === "ready") {
          await this.labels.load(id, this.#base(known));
          await this.labels.load(theirsOf(id), blankBase(examined.image));
        }
        this.#slots[index] = known;
        this.#changed();
      });
      this.#counting = this.#countMasks();
      if (this.#classesFromFiles() === null) {
        // Without a list, the classes are the ids in the masks: nothing can be said before all have been counted.
        await this.#counting;
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    } finally {
      this.#scanning = false;
      this.#changed();
    }
  }

  async #readClasses(): Promise<void> {
    this.#classesFile = await readClassesFile(path.join(this.folderPath, CLASSES_FILE));
    this.#setOrClear(
      "classes-file",
      this.#classesFile.kind === "damaged"
        ? {
            id: "classes-file",
            severity: "warning",
            file: CLASSES_FILE,
            mosaicId: null,
            message: `${CLASSES_FILE} is not used: ${this.#classesFile.reason}. Expected [{"id": 0, "name": "water", "color": "#1f78b4"}, …].`,
          }
        : null,
    );
  }

  async #countMasks(): Promise<void> {
    for (const known of this.#knownMosaics()) {
      const { examined, counts } = known;
      if (counts !== null || examined.kind === "failed" || examined.mask.kind !== "matched") {
        continue;
      }
      const { file } = examined.mask;
      try {
        const mask = await this.#rasters.open(file.filePath);
        const counted = await countMask(mask, { signal: this.#closing.signal });
        this.#replace(known, { ...known, counts: counted });
      } catch (error) {
        if (this.#closing.signal.aborted) {
          return;
        }
        const reason = `mask can't be read: ${error instanceof Error ? error.message : String(error)}`;
        this.#replace(known, {
          ...known,
          examined: { ...examined, mask: { kind: "refused", file, reason } },
        });
      }
    }
  }

  /** What labels of a mosaic begin from: its mask where it has one that fits. */
  #base({ examined }: KnownMosaic): LabelBase {
    if (examined.kind === "failed") {
      throw new RpcError("not-found", `This mosaic can't be opened: ${examined.reason}`);
    }
    const { width, height } = examined.image;
    if (examined.mask.kind !== "matched") {
      return blankBase({ width, height });
    }
    const { file } = examined.mask;
    return {
      width,
      height,
      version: `${file.fileName}:${file.version}`,
      read: async (request, options) =>
        (await readMaskIds(await this.#rasters.open(file.filePath), request, options)).ids,
    };
  }

  #tellOfLabels(mosaicId: string, message: string | null): void {
    this.#setOrClear(
      `${mosaicId}:labels`,
      message === null
        ? null
        : { id: `${mosaicId}:labels`, severity: "warning", file: null, mosaicId, message },
    );
  }

  #replace(before: KnownMosaic, after: KnownMosaic): void {
    const index = this.#slots.findIndex(
      (slot) => slot?.id === before.id && versionOf(slot.listed) === versionOf(before.listed),
    );
    if (index >= 0) {
      this.#slots[index] = after;
      this.#changed();
    }
  }

  #setOrClear(problemId: string, problem: Problem | null): void {
    if (problem === null) {
      this.clearProblem(problemId);
    } else {
      this.addProblem(problem);
    }
  }

  /** Mosaics in the folder's order up to the first that is still to be read, so that none moves when it is. */
  #knownMosaics(): KnownMosaic[] {
    const firstUnread = this.#slots.indexOf(null);
    const read = firstUnread < 0 ? this.#slots : this.#slots.slice(0, firstUnread);
    return read.filter((slot) => slot !== null);
  }

  #known(mosaicId: string): KnownMosaic {
    const known = this.#knownMosaics().find((item) => item.id === mosaicId);
    if (known === undefined) {
      throw new RpcError("not-found", "There is no such mosaic in this project.");
    }
    return known;
  }

  #classesFromFiles(): Pick<ProjectSnapshot, "classes" | "classSource"> | null {
    if (this.#memory.file.classes !== null) {
      return { classes: this.#memory.file.classes, classSource: "project" };
    }
    return this.#classesFile.kind === "ok"
      ? { classes: [...this.#classesFile.classes], classSource: "classes.json" }
      : null;
  }

  #classes(known: readonly KnownMosaic[]): Pick<ProjectSnapshot, "classes" | "classSource"> {
    const stated = this.#classesFromFiles();
    if (stated !== null) {
      return stated;
    }
    const legends = known.flatMap(({ examined }) =>
      examined.kind === "ready" && examined.mask.kind === "matched" ? [examined.mask.legend] : [],
    );
    const { classes, source } = classesFromMasks(
      legends,
      known.flatMap(({ counts }) => [...(counts?.ids.keys() ?? [])]),
    );
    return { classes, classSource: source };
  }

  #makeSnapshot(): ProjectSnapshot {
    const known = this.#knownMosaics();
    const { classes, classSource } = this.#classes(known);
    const { mosaics, problems } = describeMosaics(known, classes, (id) => this.labels.edited(id));
    return {
      projectId: this.id,
      name: path.basename(this.folderPath) || this.folderPath,
      displayPath: this.folderPath,
      scanning: this.#scanning,
      storage: this.#location.kind,
      mosaics,
      classes,
      classSource,
      viewProjection: chooseViewProjection(
        mosaics.flatMap((mosaic) => (mosaic.kind === "ready" ? [mosaic.placement.projection] : [])),
      ),
      viewState: this.#memory.file.view,
      display: this.#memory.file.display,
      trainingSettings: this.#memory.file.training,
      problems: [...this.#problems.values(), ...problems],
    };
  }

  #changed(): void {
    this.#snapshot = null;
    this.#changes.emit();
  }
}

/** Nothing: what labels begin from without a mask, and what another person said of a mosaic before anything was taken from them. */
function blankBase({ width, height }: Pick<LabelBase, "width" | "height">): LabelBase {
  return {
    width,
    height,
    version: NO_MASK,
    read: ({ pixelWindow, outputSize }) => {
      const size = outputSize ?? pixelWindow;
      return Promise.resolve(new Uint8Array(size.width * size.height).fill(UNLABELLED_ID));
    },
  };
}
