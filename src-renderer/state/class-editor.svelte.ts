import type { LandClass } from "#shared/project/land-class.ts";
import { defaultColor } from "#shared/project/default-palette.ts";
import { classErrors, freeClassId, freeClassName } from "./class-draft.ts";
import type { ClassErrors } from "./class-draft.ts";
import { ClassEdits } from "./class-edits.ts";
import type { HostAccess } from "./host-access.ts";

/** A class that was taken off the list, and where it stood. */
export interface RemovedClass {
  readonly item: LandClass;
  readonly index: number;
}

/** The classes as they are being edited; whatever is sound is saved at once. */
export class ClassEditor {
  readonly #edits: ClassEdits;
  #classes: readonly LandClass[] = $state.raw([]);
  #failure: string | null = $state(null);

  constructor(host: HostAccess, projectId: string, saved: readonly LandClass[]) {
    this.#classes = saved;
    this.#edits = new ClassEdits(saved, {
      save: (classes) => host.client.projects.setClasses({ projectId, classes }),
      onChange: () => {
        this.#classes = this.#edits.classes;
        this.#failure = this.#edits.failure;
      },
    });
  }

  get classes(): readonly LandClass[] {
    return this.#classes;
  }

  get errors(): ClassErrors[] {
    return classErrors(this.classes);
  }

  /** Why the host refused the last save. */
  get failure(): string | null {
    return this.#failure;
  }

  /** The host's own list has come, perhaps with what was just saved, perhaps from before. */
  takeSaved(saved: readonly LandClass[]): void {
    this.#edits.takeSaved(saved);
  }

  change(index: number, part: Partial<LandClass>): void {
    this.#edits.edit(
      this.classes.map((item, position) => (position === index ? { ...item, ...part } : item)),
    );
  }

  add(): void {
    const { classes } = this;
    const id = freeClassId(classes);
    if (id !== null) {
      const used = new Set(classes.map(({ color }) => color));
      const color =
        Array.from({ length: 64 }, (_, turn) => defaultColor(turn)).find((item) => !used.has(item)) ??
        defaultColor(classes.length);
      this.#edits.edit([...classes, { id, name: freeClassName(id, classes), color, ignore: false }]);
    }
  }

  /** Takes a class off the list; returns it with its place, for `restore`. */
  remove(index: number): RemovedClass | null {
    const item = this.classes[index];
    if (item === undefined) {
      return null;
    }
    this.#edits.edit(this.classes.filter((_, position) => position !== index));
    return { item, index };
  }

  /** Puts a removed class back where it was; false when its id or name has been given to another since. */
  restore({ item, index }: RemovedClass): boolean {
    const restored = [...this.classes.slice(0, index), item, ...this.classes.slice(index)];
    const errors = classErrors(restored)[restored.indexOf(item)];
    if (errors === undefined || errors.id !== null || errors.name !== null) {
      return false;
    }
    this.#edits.edit(restored);
    return true;
  }
}
