import type { LandClass } from "#shared/project/land-class.ts";
import { classErrors, isSound } from "./class-draft.ts";
import { sentenceOf } from "./host-access.ts";

interface Saving {
  /** Keeps the classes with the project. */
  readonly save: (classes: LandClass[]) => Promise<void>;
  /** Hears that `classes` or `failure` may be others now. */
  readonly onChange: () => void;
}

/**
 * Edits of the classes on their way to the host; whatever is sound is saved at once, one save after another.
 * Edits stay until a snapshot says the same: an older snapshot may still be on its way while a save is answered.
 */
export class ClassEdits {
  readonly #saving: Saving;
  #saved: readonly LandClass[];
  /** Edits that the host hasn't confirmed by a snapshot yet. */
  #draft: readonly LandClass[] | null = null;
  /** What is to be sent once the save in flight is answered; only the newest counts. */
  #next: readonly LandClass[] | null = null;
  #inFlight = false;
  #failure: string | null = null;

  constructor(saved: readonly LandClass[], saving: Saving) {
    this.#saved = saved;
    this.#saving = saving;
  }

  get classes(): readonly LandClass[] {
    return this.#draft ?? this.#saved;
  }

  /** Why the host refused the last save. */
  get failure(): string | null {
    return this.#failure;
  }

  /** The host's own list has come, perhaps with what was just saved, perhaps from before. */
  takeSaved(saved: readonly LandClass[]): void {
    this.#saved = saved;
    this.#settle();
  }

  edit(draft: readonly LandClass[]): void {
    this.#draft = draft;
    if (isSound(classErrors(draft))) {
      this.#next = draft;
      void this.#save();
    }
    this.#saving.onChange();
  }

  /** Two saves at once could arrive in either order, so the second waits for the first. */
  async #save(): Promise<void> {
    if (this.#inFlight) {
      return;
    }
    this.#inFlight = true;
    while (this.#next !== null) {
      const classes = this.#next.map((item) => ({ ...item, name: item.name.trim() }));
      this.#next = null;
      try {
        await this.#saving.save(classes);
        this.#failure = null;
      } catch (thrown) {
        this.#failure = sentenceOf(thrown);
      }
    }
    this.#inFlight = false;
    this.#settle();
  }

  /** Lets go of the edits once the host has them all. */
  #settle(): void {
    if (!this.#inFlight && this.#draft !== null && sameClasses(this.#draft, this.#saved)) {
      this.#draft = null;
    }
    this.#saving.onChange();
  }
}

/** Whether two lists say the same, but for spaces around names, which are not kept. */
function sameClasses(first: readonly LandClass[], second: readonly LandClass[]): boolean {
  return (
    first.length === second.length &&
    first.every((item, index) => {
      const other = second[index];
      return (
        item.id === other?.id &&
        item.name.trim() === other.name.trim() &&
        item.color === other.color &&
        item.ignore === other.ignore
      );
    })
  );
}
