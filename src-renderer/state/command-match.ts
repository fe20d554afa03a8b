/** How well a text answers what was typed: higher is better; `positions` are the characters that matched. */
export interface Match {
  readonly score: number;
  /** Whether what was typed stands in the title as it is. */
  readonly whole: boolean;
  readonly positions: readonly number[];
}

/**
 * Matches what was typed against a title, letters in order but not side by side ("tms" finds "Train: Measure speed").
 * Starts of words and runs of letters count more, long titles a little less. Null when a letter is missing.
 */
export function matchTitle(query: string, title: string): Match | null {
  const wanted = query.toLowerCase().replaceAll(/\s+/g, "");
  if (wanted === "") {
    return { score: 0, whole: true, positions: [] };
  }
  const text = title.toLowerCase();
  const whole = text.indexOf(query.trim().toLowerCase());
  if (whole >= 0) {
    const length = query.trim().length;
    const atWord = isWordStart(title, whole);
    return {
      whole: true,
      score: 100 + (atWord ? 50 : 0) + length * 4 - title.length * 0.1,
      positions: Array.from({ length }, (_, index) => whole + index),
    };
  }
  return bestSubsequence(wanted, text, title);
}

/** The best of the subsequences that begin at each place where the first letter stands. */
function bestSubsequence(wanted: string, text: string, title: string): Match | null {
  let best: Match | null = null;
  for (
    let start = text.indexOf(wanted[0] ?? "");
    start >= 0;
    start = text.indexOf(wanted[0] ?? "", start + 1)
  ) {
    const found = greedyFrom(start, wanted, text, title);
    if (found !== null && (best === null || found.score > best.score)) {
      best = found;
    }
  }
  return best;
}

function greedyFrom(start: number, wanted: string, text: string, title: string): Match | null {
  const positions: number[] = [];
  let score = -title.length * 0.1;
  let from = start;
  for (const letter of wanted) {
    // A start of a word further on reads better than the next such letter.
    const next = text.indexOf(letter, from);
    if (next < 0) {
      return null;
    }
    const wordStart = isWordStart(title, next) ? next : nextWordStart(letter, from, text, title);
    const chosen = next === from && positions.length > 0 ? next : (wordStart ?? next);
    const followsLast = positions.at(-1) === chosen - 1;
    score += isWordStart(title, chosen) ? 10 : followsLast ? 6 : 1;
    positions.push(chosen);
    from = chosen + 1;
  }
  return { score, whole: false, positions };
}

function nextWordStart(letter: string, from: number, text: string, title: string): number | null {
  for (let at = text.indexOf(letter, from); at >= 0; at = text.indexOf(letter, at + 1)) {
    if (isWordStart(title, at)) {
      return at;
    }
  }
  return null;
}

function isWordStart(title: string, index: number): boolean {
  return index === 0 || /[^\p{L}\p{N}]/u.test(title[index - 1] ?? " ");
}
