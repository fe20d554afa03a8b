import type { EditRecord, JournalRecord } from "./label-records.ts";
import type { JournalEntry } from "./journal-findings.ts";

/** An edit in the journal. */
export type EditEntry = JournalEntry & { readonly record: EditRecord };

/** What to do with the pixels of an edit. */
export interface Move {
  readonly entry: EditEntry;
  readonly direction: "forward" | "back";
}

/** Which edits there are and which of them are undone: what the records of a journal add up to. */
export class LabelHistory {
  /** Oldest first; those from `#applied` on are undone. */
  #steps: EditEntry[] = [];
  #applied = 0;

  /** Takes up a record and says which pixels it moves. */
  take(entry: JournalEntry): Move | null {
    const { record } = entry;
    switch (record.kind) {
      case "edit": {
        const edit: EditEntry = { ...entry, record };
        this.#steps.length = this.#applied;
        this.#steps.push(edit);
        this.#applied += 1;
        return { entry: edit, direction: "forward" };
      }
      case "undo": {
        const undone = this.lastApplied;
        if (undone === null) {
          return null;
        }
        this.#applied -= 1;
        return { entry: undone, direction: "back" };
      }
      case "redo": {
        const redone = this.nextUndone;
        if (redone === null) {
          return null;
        }
        this.#applied += 1;
        return { entry: redone, direction: "forward" };
      }
      case "forget-redo":
        this.#steps.length = this.#applied;
        return null;
      case "checkpoint":
        return null;
    }
  }

  /** Forgets all steps. */
  clear(): void {
    this.#steps = [];
    this.#applied = 0;
  }

  /** The edit that undo would take back. */
  get lastApplied(): EditEntry | null {
    return this.#steps[this.#applied - 1] ?? null;
  }

  /** The edit that redo would do again. */
  get nextUndone(): EditEntry | null {
    return this.#steps[this.#applied] ?? null;
  }

  get length(): number {
    return this.#steps.length;
  }

  /** What is left when only the newest steps are kept, within these bounds; undone ones and the newest always are. */
  newest(most: { readonly steps: number; readonly bytes: number }): EditEntry[] {
    let bytes = 0;
    let first = this.#steps.length;
    while (first > 0) {
      bytes += this.#steps[first - 1]?.payloadBytes ?? 0;
      const mayGo = first <= this.#applied - 1;
      if (mayGo && (bytes > most.bytes || this.#steps.length - first + 1 > most.steps)) {
        break;
      }
      first -= 1;
    }
    return this.#steps.slice(first);
  }

  /** Records that, after these entries, say again which are undone. */
  undoMarks(): JournalRecord[] {
    return this.#steps.slice(this.#applied).map(() => ({ kind: "undo", time: 0 }));
  }

  /** Takes the entries that a shortened journal has kept. */
  replaceBy(entries: readonly JournalEntry[]): void {
    const undone = this.#steps.length - this.#applied;
    this.#steps = entries.flatMap((entry) =>
      entry.record.kind === "edit" ? [{ ...entry, record: entry.record }] : [],
    );
    this.#applied = this.#steps.length - undone;
  }
}
