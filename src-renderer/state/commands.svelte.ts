import { matchTitle } from "./command-match.ts";
import type { Match } from "./command-match.ts";
import { hasModifier, isChord } from "./key-chord.ts";
import type { KeyPress } from "./key-chord.ts";

/** Something the user can do: found in the palette, carried out by its chord, listed on the shortcut sheet. */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  /** "Ctrl+K", "F"; null for what is only in the palette. */
  readonly chord: string | null;
  /** Whether it means anything now; what doesn't isn't listed. */
  readonly enabled: () => boolean;
  /** Why it can't be done yet, though it is worth knowing of; null when it can. */
  readonly obstacle?: () => string | null;
  readonly run: () => void;
  /** Whether its chord, though it has a modifier, belongs to a text field while somebody types in it. */
  readonly leavesTyping?: boolean;
}

export interface FoundCommand {
  readonly command: Command;
  /** Why it can't be done yet. */
  readonly obstacle: string | null;
  readonly match: Match;
}

/** Every action there is. Sources are asked each time, so that commands can name the runs and mosaics of the moment. */
export class Commands {
  readonly #sources: (() => readonly Command[])[] = [];

  /** Adds a source; returns how to take it away. Where two commands have the same chord, that of the first source is meant. */
  add(source: () => readonly Command[], place: "first" | "last" = "last"): () => void {
    if (place === "first") {
      this.#sources.unshift(source);
    } else {
      this.#sources.push(source);
    }
    return () => {
      this.#sources.splice(this.#sources.indexOf(source), 1);
    };
  }

  /** All that is worth showing, also what can't be done yet. */
  get listed(): Command[] {
    return this.#sources.flatMap((source) => source()).filter((command) => command.enabled());
  }

  /** What can be done now. */
  get available(): Command[] {
    return this.listed.filter((command) => obstacleOf(command) === null);
  }

  /** What answers a query, best first; everything for an empty one. */
  search(query: string): FoundCommand[] {
    const found = this.listed.flatMap((command) => {
      const match = matchTitle(query, `${command.group}: ${command.title}`);
      return match === null ? [] : [{ command, obstacle: obstacleOf(command), match }];
    });
    if (query.trim() === "") {
      return found;
    }
    // Who typed a whole word doesn't look for its letters strewn over other titles.
    const whole = found.filter(({ match }) => match.whole);
    return (whole.length > 0 ? whole : found).sort((first, second) => second.match.score - first.match.score);
  }

  run(id: string): void {
    this.available.find((command) => command.id === id)?.run();
  }

  /** The command of a key press; chords without modifier only where nobody is typing. */
  forKeyPress(press: KeyPress, typing: boolean): Command | null {
    return this.available.find((command) => isMeant(command, press, typing)) ?? null;
  }

  /** Why a key press does nothing; null where it does something, or means nothing. */
  whyNot(press: KeyPress, typing: boolean): string | null {
    const meant = this.listed.filter((command) => isMeant(command, press, typing));
    const obstacles = meant.map(obstacleOf);
    return obstacles.includes(null) ? null : (obstacles[0] ?? null);
  }
}

function isMeant({ chord, leavesTyping }: Command, press: KeyPress, typing: boolean): boolean {
  return (
    chord !== null && (!typing || (hasModifier(chord) && leavesTyping !== true)) && isChord(chord, press)
  );
}

function obstacleOf({ obstacle }: Command): string | null {
  return obstacle?.() ?? null;
}
