import type { PixelPoint } from "#shared/labels/label-edit.ts";
import { guessClass } from "#shared/labels/vector-import.ts";
import { UNLABELLED_ID } from "#shared/project/land-class.ts";
import { UsageError } from "./cli-io.ts";

type NamedClass = { readonly id: number; readonly name: string };

/** What pixels become by `--class`: a class by id or name, or 255 for none. Throws `UsageError`. */
export function paintIdOf(given: string | undefined, classes: readonly NamedClass[]): number {
  return given === "none" ? UNLABELLED_ID : classIdOf("--class", given, classes, ["none"]);
}

/** The id of a class that an option names by id or name, whatever the name's case. Throws `UsageError` that lists the classes, and what else may be said. */
export function classIdOf(
  option: string,
  given: string | undefined,
  classes: readonly NamedClass[],
  alsoAllowed: readonly string[] = [],
): number {
  const found =
    classes.find(({ id, name }) => String(id) === given || name === given) ??
    guessClass(given ?? null, classes);
  if (found === null) {
    const also = alsoAllowed.map((word) => `${word}, or `).join("");
    throw new UsageError(
      `${option} ${given ?? ""}: expected ${also}one of ${classes.map(({ id, name }) => `${id} ${name}`).join(", ")}.`,
    );
  }
  return found.id;
}

/** The ids of the classes that `--lock` names, with commas between. Throws `UsageError`. */
export function lockedIdsOf(given: string | undefined, classes: readonly NamedClass[]): number[] {
  const words = (given ?? "").split(",").map((word) => word.trim());
  return words.filter((word) => word !== "").map((word) => classIdOf("--lock", word, classes));
}

/** The ring of `--polygon` or `--rectangle`, in mosaic pixels; null where neither is given. Throws `UsageError`. */
export function ringOf({
  polygon,
  rectangle,
}: {
  readonly polygon?: string;
  readonly rectangle?: string;
}): PixelPoint[] | null {
  return polygon !== undefined ? pointsOf(polygon) : rectangle !== undefined ? cornersOf(rectangle) : null;
}

function pointsOf(text: string): [number, number][] {
  const points = text
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split(",").map(Number));
  if (points.length < 3 || points.some((pair) => pair.length !== 2 || !pair.every(Number.isFinite))) {
    throw new UsageError(`--polygon ${text}: expected three corners or more, as in "10,10 200,10 200,150".`);
  }
  return points.map(([x = 0, y = 0]) => [x, y]);
}

function cornersOf(text: string): [number, number][] {
  const [x, y, width, height, ...more] = text.split(",").map(Number);
  if (
    x === undefined ||
    y === undefined ||
    width === undefined ||
    height === undefined ||
    more.length > 0 ||
    ![x, y, width, height].every(Number.isFinite) ||
    width <= 0 ||
    height <= 0
  ) {
    throw new UsageError(`--rectangle ${text}: expected x,y,width,height in mosaic pixels.`);
  }
  return [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
}
