/**
 * Colours for classes that came without any, in the order they are given out.
 *
 * The eight of Okabe and Ito (2008, "Color Universal Design"), which stay apart with each kind of colour-vision deficiency,
 * reordered so that the first few stand out on imagery (black last), then eight of Tol's "muted" scheme
 * (SRON/EPS/TN/09-002, 2021) for projects with more classes.
 */
export const defaultPalette = [
  "#e69f00",
  "#56b4e9",
  "#009e73",
  "#f0e442",
  "#d55e00",
  "#0072b2",
  "#cc79a7",
  "#88ccee",
  "#117733",
  "#ddcc77",
  "#882255",
  "#44aa99",
  "#aa4499",
  "#999933",
  "#332288",
  "#000000",
] as const;

/** The colour of the class at `index` in a list; beyond the palette's end lighter and darker turns of the same hues. */
export function defaultColor(index: number): string {
  const base = defaultPalette[index % defaultPalette.length] ?? defaultPalette[0];
  const turn = Math.floor(index / defaultPalette.length);
  if (turn === 0) {
    return base;
  }
  const share = turn % 2 === 1 ? 0.45 : 0.65;
  const target = turn % 2 === 1 ? 255 : 0;
  const mixed = [1, 3, 5].map((start) => {
    const value = Number.parseInt(base.slice(start, start + 2), 16);
    return Math.round(value + (target - value) * share)
      .toString(16)
      .padStart(2, "0");
  });
  return `#${mixed.join("")}`;
}
