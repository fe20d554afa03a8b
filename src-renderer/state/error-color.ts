/** Seen on fields, woods, water and roofs alike, and far from the classes' own colours. */
export const ERROR_COLOR = "#ff2f92";
