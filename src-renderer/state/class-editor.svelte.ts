import type { LandClass } from "#shared/project/land-class.ts";
import { defaultColor } from "#shared/project/default-palette.ts";
import { classErrors, freeClassId, freeClassName, isSound } from "./class-draft.ts";
import type { ClassErrors } from "./class-draft.ts";
import { sentenceOf } from "./host-access.ts";
import type { HostAccess } from "./host-access.ts";

/** The classes as they are being edited; whatever is sound is saved at once. */
export class ClassEditor {
  readonly #host: HostAccess;
  readonly #projectId: string;
  #saved: readonly LandClass[] = $state.raw([]);
  /** Edits that the host hasn't confirmed by a snapshot yet. */
  #draft: readonly LandClass[] | null = $state.raw(null);
  #saving = 0;
  #failure: string | null = $state(null);

  constructor(host: HostAccess, projectId: string, saved: readonly LandClass[]) {
    this.#host = host;
    this.#projectId = projectId;
    this.#saved = saved;
  }

  get classes(): readonly LandClass[] {
    return this.#draft ?? this.#saved;
  }

  get errors(): ClassErrors[] {
    return classErrors(this.classes);
  }

  /** Why the host refused the last save. */
  get failure(): string | null {
    return this.#failure;
  }

  /** The host's own list has come, perhaps with what was just saved. */
  takeSaved(saved: readonly LandClass[]): void {
    const changed = JSON.stringify(saved) !== JSON.stringify(this.#saved);
    this.#saved = saved;
    const sound = this.#draft === null || isSound(classErrors(this.#draft));
    if (changed && sound && this.#saving === 0) {
      this.#draft = null;
    }
  }

  change(index: number, part: Partial<LandClass>): void {
    this.#edit(this.classes.map((item, position) => (position === index ? { ...item, ...part } : item)));
  }

  add(): void {
    const { classes } = this;
    const id = freeClassId(classes);
    if (id !== null) {
      const used = new Set(classes.map(({ color }) => color));
      const color =
        Array.from({ length: 64 }, (_, turn) => defaultColor(turn)).find((item) => !used.has(item)) ??
        defaultColor(classes.length);
      this.#edit([...classes, { id, name: freeClassName(classes), color, ignore: false }]);
    }
  }

  remove(index: number): void {
    this.#edit(this.classes.filter((_, position) => position !== index));
  }

  #edit(draft: readonly LandClass[]): void {
    this.#draft = draft;
    if (isSound(classErrors(draft))) {
      void this.#save(draft);
    }
  }

  async #save(draft: readonly LandClass[]): Promise<void> {
    this.#saving += 1;
    try {
      await this.#host.client.projects.setClasses({
        projectId: this.#projectId,
        classes: draft.map((item) => ({ ...item, name: item.name.trim() })),
      });
      this.#failure = null;
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
    } finally {
      this.#saving -= 1;
    }
  }
}
