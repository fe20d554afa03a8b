import type { LandClass } from "#shared/project/land-class.ts";
import type { Run } from "#shared/training/run.ts";

/** Says which classes a run knows nothing of, since the project got them after it was begun; null where it knows all. */
export function leftOutSentence(
  { name, classes }: Pick<Run, "name" | "classes">,
  inProject: readonly LandClass[],
): string | null {
  const known = new Set(classes.map(({ id }) => id));
  const names = inProject.filter(({ id, ignore }) => !ignore && !known.has(id)).map((item) => item.name);
  return names.length === 0
    ? null
    : `${name} was begun without ${names.join(", ")}: it goes on without, and labels of ${names.length === 1 ? "it" : "them"} count for nothing. A new training takes ${names.length === 1 ? "it" : "them"} in.`;
}
