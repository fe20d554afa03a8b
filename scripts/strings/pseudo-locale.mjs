// A made-up language, for tests: every text in brackets and 40 % longer. What is seen without brackets doesn't come from the catalogue,
// and what breaks in it breaks in German. It is compiled with the others and loaded only by `?language=en-XA`.

export const pseudoLocale = "en-XA";

/** A text in the made-up language; what is put in (`{0}`, `<0>…</0>`) stays, and so does a space at its ends. */
export function pseudoText(text) {
  const [, before, words, after] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text);
  const letters = words.replace(/\{\d+\}|<\/?\d+\/?>/g, "").length;
  return `${before}⟦${words}${"·".repeat(Math.ceil(letters * 0.4))}⟧${after}`;
}
