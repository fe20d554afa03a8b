/** Colours where two runs differ, in the order of the tiles' values: the shown one is right, the other one, neither. Told apart with any colour vision. */
export const disagreementColors = ["#2166ac", "#e08214", "#4d4d4d"] as const;

/** What these colours mean for two runs by name. */
export function disagreementKeys(shown: string, other: string): { label: string; color: string }[] {
  const labels = [`${shown} is right`, `${other} is right`, "neither is"];
  return disagreementColors.map((color, index) => ({ color, label: labels[index] ?? "" }));
}

/** Where imagery has no label: a colour that imagery hardly has. */
export const UNLABELLED_COLOR = "#ff4fa3";

/** Steps of the colour bar of uncertainties, from 0 to 1: inferno (van der Walt & Smith 2015, CC0). */
export const uncertaintySteps = [
  "#000004",
  "#210c4a",
  "#56106e",
  "#89226a",
  "#bb3754",
  "#e35932",
  "#f98c0a",
  "#f9c932",
  "#fcffa4",
] as const;

/** Steps of the colour bar of confidences, from 0 to 1: viridis (van der Walt & Smith 2015, CC0). */
export const confidenceSteps = [
  "#440154",
  "#472d7b",
  "#3b528b",
  "#2c728e",
  "#21918c",
  "#28ae80",
  "#5ec962",
  "#addc30",
  "#fde725",
] as const;
