/** The losses of a sum such as "crossentropy+dice". */
export function lossTerms(loss: string): string[] {
  return loss
    .split("+")
    .map((term) => term.trim())
    .filter((term) => term !== "");
}

/** The sum with a term added, or taken out; at least one always stays. */
export function withLossTerm(loss: string, term: string, wanted: boolean): string {
  const others = lossTerms(loss).filter((item) => item !== term);
  const terms = wanted ? [...others, term] : others;
  return terms.length === 0 ? loss : terms.join("+");
}
