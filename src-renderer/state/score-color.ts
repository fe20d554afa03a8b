/** Colours from the worst to the best score: told apart with any colour vision, and on imagery. */
const STEPS = [
  "#7f3b08",
  "#b35806",
  "#e08214",
  "#fdb863",
  "#d8daeb",
  "#b2abd2",
  "#8073ac",
  "#542788",
] as const;

/** The colour of a score from 0 to 1; grey where it isn't defined. */
export function scoreColor(score: number | null): string {
  if (score === null) {
    return "#808080";
  }
  return STEPS[Math.min(STEPS.length - 1, Math.max(0, Math.floor(score * STEPS.length)))] ?? "#808080";
}

/** What the colours mean, the worst first. */
export const scoreLegend = STEPS.map((color, index) => ({
  color,
  label: `${(index / STEPS.length).toFixed(2)}–${((index + 1) / STEPS.length).toFixed(2)}`,
}));
