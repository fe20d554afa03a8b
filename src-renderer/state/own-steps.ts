import type { LabelPaint } from "./labelling.svelte.ts";

/** A step that this page has made. */
export interface OwnStep {
  readonly mosaicId: string;
  readonly paint: LabelPaint;
}

/** More are never shown from memory. */
const MOST_STEPS = 64;
const MOST_REVISIONS = 4096;

/** Which steps of this page would be taken back or done again next, as far as nobody else has changed labels in between. */
export class OwnSteps {
  #undoable: OwnStep[] = [];
  #redoable: OwnStep[] = [];
  /** Changes that this page has made, by mosaic and revision. */
  readonly #own = new Set<string>();
  /** Changes that were told of before this page knew them as its own: in the end those of others. */
  readonly #others = new Set<string>();
  /** Edits on their way: until they are answered nobody knows what the last step is. */
  #underWay = 0;

  begin(): void {
    this.#underWay += 1;
  }

  /** An edit was answered: with the revision it made; null where it changed nothing or was refused. */
  end(step: OwnStep, revision: number | null): void {
    this.#underWay -= 1;
    if (revision !== null) {
      this.#undoable = [...this.#undoable, step].slice(-MOST_STEPS);
      this.#redoable = [];
      this.made(step.mosaicId, revision);
    }
  }

  /** A change is this page's own. */
  made(mosaicId: string, revision: number): void {
    const change = `${mosaicId} ${revision}`;
    this.#others.delete(change);
    this.#own.add(change);
    if (this.#own.size > MOST_REVISIONS) {
      const [oldest = change] = this.#own;
      this.#own.delete(oldest);
    }
  }

  /** Everybody is told of a change. */
  told(mosaicId: string, revision: number): void {
    const change = `${mosaicId} ${revision}`;
    if (!this.#own.has(change)) {
      this.#others.add(change);
    }
  }

  /** The step that is moved next; null where that is somebody else's, or isn't known. */
  move(way: "undo" | "redo"): OwnStep | null {
    if (this.#others.size > 0 || this.#underWay > 0) {
      this.forget();
      return null;
    }
    const step = (way === "undo" ? this.#undoable : this.#redoable).pop() ?? null;
    if (step !== null) {
      (way === "undo" ? this.#redoable : this.#undoable).push(step);
    }
    return step;
  }

  /** Nothing is known of what comes next. */
  forget(): void {
    this.#undoable = [];
    this.#redoable = [];
    this.#others.clear();
  }
}
