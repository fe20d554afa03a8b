import { SvelteMap } from "svelte/reactivity";
import type { PickableFile } from "#shared/contract.ts";
import type { Crs } from "#shared/geo/crs.ts";
import type { PaintRules } from "#shared/labels/label-edit.ts";
import {
  guessClass,
  guessField,
  type VectorInspection,
  type VectorMapping,
  type VectorTarget,
} from "#shared/labels/vector-import.ts";
import type { LandClass } from "#shared/project/land-class.ts";
import { sentenceOf, type HostAccess } from "./host-access.ts";

/** What the import needs of the project. */
export interface ImportSurroundings {
  readonly projectId: string;
  readonly classes: () => readonly LandClass[];
  /** The mosaics' coordinate system, for files that state none; null where it has no code. */
  readonly usualCrsCode: () => number | null;
}

/** What is known of the chosen layer. */
export type LayerLook =
  | { readonly kind: "looking" }
  | { readonly kind: "ready"; readonly inspection: VectorInspection }
  | { readonly kind: "failed"; readonly reason: string };

/** A choice in a list of classes: "" for none yet, "ignore", "new", or a class's id. */
export type TargetWord = string;

/** Which layer of a file of polygons is imported, and what its values become; lives as long as its dialog. */
export class VectorImportForm {
  readonly file: PickableFile;
  readonly #host: HostAccess;
  readonly #around: ImportSurroundings;
  #layers: readonly { readonly name: string; readonly crs: Crs }[] = $state.raw([]);
  #layerName = $state("");
  #crsCode: number | null = $state(null);
  #look: LayerLook = $state.raw({ kind: "looking" });
  /** Null burns all polygons as one class. */
  #field: string | null = $state(null);
  allTarget: TargetWord = $state("");
  onlyUnlabelled = $state(false);
  readonly #words = new SvelteMap<string | null, TargetWord>();
  #request = new AbortController();
  #starting = $state(false);
  #failure: string | null = $state(null);

  constructor(host: HostAccess, file: PickableFile, around: ImportSurroundings) {
    this.#host = host;
    this.file = file;
    this.#around = around;
    void this.#open();
  }

  close(): void {
    this.#request.abort();
  }

  get layers(): readonly { readonly name: string; readonly crs: Crs }[] {
    return this.#layers;
  }

  get layerName(): string {
    return this.#layerName;
  }

  get crs(): Crs | null {
    return this.#layers.find(({ name }) => name === this.#layerName)?.crs ?? null;
  }

  /** Named by the user instead of the file's own; null to believe the file. */
  get crsCode(): number | null {
    return this.#crsCode;
  }

  get look(): LayerLook {
    return this.#look;
  }

  get field(): string | null {
    return this.#field;
  }

  get starting(): boolean {
    return this.#starting;
  }

  /** Why the import could not be started. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Values of the chosen field with what they become; empty where all polygons become the same, and while looking. */
  get rows(): readonly {
    readonly value: string | null;
    readonly polygons: number;
    readonly word: TargetWord;
  }[] {
    const field = this.#fieldFound;
    return (field?.values ?? []).map((row) => ({ ...row, word: this.#words.get(row.value) ?? "" }));
  }

  /** Polygons that will be burned. */
  get mappedPolygons(): number {
    if (this.#look.kind !== "ready") {
      return 0;
    }
    if (this.#field === null) {
      return this.allTarget === "" ? 0 : this.#look.inspection.polygons;
    }
    return this.rows.reduce(
      (sum, { polygons, word }) => sum + (word === "" || word === "ignore" ? 0 : polygons),
      0,
    );
  }

  chooseLayer(name: string): void {
    this.#layerName = name;
    this.#crsCode = null;
    void this.#inspect();
  }

  chooseCrs(code: number | null): void {
    this.#crsCode = code;
    void this.#inspect();
  }

  chooseField(name: string | null): void {
    this.#field = name;
    this.#words.clear();
    for (const { value } of this.#fieldFound?.values ?? []) {
      const guessed = guessClass(value, this.#around.classes());
      this.#words.set(value, guessed === null ? "" : String(guessed.id));
    }
  }

  setWord(value: string | null, word: TargetWord): void {
    this.#words.set(value, word);
  }

  /** Gives every value that has no class yet a new one of its name. */
  nameTheRest(): void {
    for (const { value, word } of this.rows) {
      if (word === "" && value !== null) {
        this.#words.set(value, "new");
      }
    }
  }

  /** What is to be burned; null while nothing would be. */
  get mapping(): VectorMapping | null {
    if (this.mappedPolygons === 0) {
      return null;
    }
    if (this.#field === null) {
      const target = targetOf(this.allTarget, this.#layerName);
      return target === null ? null : { kind: "all", target };
    }
    return {
      kind: "field",
      field: this.#field,
      targets: this.rows.flatMap(({ value, word }) => {
        const target = targetOf(word, value ?? "");
        return target === null ? [] : [{ value, target }];
      }),
    };
  }

  /** Starts the import on the mosaics that polygons meet; answers the job, null when the host refused. */
  async start(rules: PaintRules): Promise<string | null> {
    const { mapping } = this;
    if (mapping === null || this.#look.kind !== "ready") {
      return null;
    }
    this.#starting = true;
    try {
      const { jobId } = await this.#host.client.vectors.start({
        ...this.#question,
        mapping,
        mosaicIds: this.#look.inspection.mosaics.map(({ mosaicId }) => mosaicId),
        rules,
      });
      return jobId;
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
      return null;
    } finally {
      this.#starting = false;
    }
  }

  get #question(): { projectId: string; fileId: string; layerName: string; crsCode: number | null } {
    return {
      projectId: this.#around.projectId,
      fileId: this.file.fileId,
      layerName: this.#layerName,
      crsCode: this.#crsCode,
    };
  }

  get #fieldFound(): VectorInspection["fields"][number] | null {
    return this.#look.kind === "ready"
      ? (this.#look.inspection.fields.find(({ name }) => name === this.#field) ?? null)
      : null;
  }

  async #open(): Promise<void> {
    const { signal } = this.#request;
    try {
      const { layers } = await this.#host.client.vectors.layers({ fileId: this.file.fileId }, { signal });
      this.#layers = layers;
      this.#layerName = layers[0]?.name ?? "";
      // A file that names no system most often has that of the mosaics it was drawn on.
      this.#crsCode = layers[0]?.crs.kind === "unknown" ? this.#around.usualCrsCode() : null;
      await this.#inspect();
    } catch (thrown) {
      if (!signal.aborted) {
        this.#look = { kind: "failed", reason: sentenceOf(thrown) };
      }
    }
  }

  async #inspect(): Promise<void> {
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    this.#look = { kind: "looking" };
    try {
      const inspection = await this.#host.client.vectors.inspect(this.#question, { signal });
      this.#look = { kind: "ready", inspection };
      this.chooseField(guessField(inspection.fields, this.#around.classes()));
    } catch (thrown) {
      if (!signal.aborted) {
        this.#look = { kind: "failed", reason: sentenceOf(thrown) };
      }
    }
  }
}

function targetOf(word: TargetWord, name: string): VectorTarget | null {
  switch (word) {
    case "":
      return null;
    case "ignore":
      return { kind: "ignore" };
    case "new":
      return { kind: "new", name: name.trim().slice(0, 80) };
    default:
      return { kind: "class", classId: Number(word) };
  }
}
