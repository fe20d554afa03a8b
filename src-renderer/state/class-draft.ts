import { landClassSchema } from "#shared/project/land-class.ts";
import type { LandClass } from "#shared/project/land-class.ts";

/** What is wrong with one class of a list, by field. */
export interface ClassErrors {
  readonly id: string | null;
  readonly name: string | null;
}

/** What is wrong with each class of a draft, in its order. */
export function classErrors(draft: readonly LandClass[]): ClassErrors[] {
  return draft.map((item, index) => ({
    id: idError(item, index, draft),
    name: nameError(item, index, draft),
  }));
}

/** Whether a draft can be saved. */
export function isSound(errors: readonly ClassErrors[]): boolean {
  return errors.every(({ id, name }) => id === null && name === null);
}

/** The smallest id that no class has yet, or null when all 255 are taken. */
export function freeClassId(draft: readonly LandClass[]): number | null {
  const taken = new Set(draft.map(({ id }) => id));
  const free = Array.from({ length: 255 }, (_, id) => id).find((id) => !taken.has(id));
  return free ?? null;
}

/** A name that no class has yet, after the id it is for. */
export function freeClassName(id: number, draft: readonly LandClass[]): string {
  const taken = new Set(draft.map(({ name }) => name.trim().toLowerCase()));
  let count = id;
  while (taken.has(`class ${count}`)) {
    count += 1;
  }
  return `class ${count}`;
}

function idError({ id }: LandClass, index: number, draft: readonly LandClass[]): string | null {
  if (!landClassSchema.shape.id.safeParse(id).success) {
    return "An id is a whole number from 0 to 254; 255 means “no label”.";
  }
  const other = draft.find((item, position) => item.id === id && position !== index);
  if (other === undefined) {
    return null;
  }
  return other.name.trim() === ""
    ? `Another class has the id ${id} too.`
    : `“${other.name}” has the id ${id} too.`;
}

function nameError({ name }: LandClass, index: number, draft: readonly LandClass[]): string | null {
  if (!landClassSchema.shape.name.safeParse(name).success) {
    return name.trim() === "" ? "A class needs a name." : "A name has at most 80 characters.";
  }
  const key = name.trim().toLowerCase();
  return draft.some((item, position) => item.name.trim().toLowerCase() === key && position !== index)
    ? "Another class has this name."
    : null;
}
