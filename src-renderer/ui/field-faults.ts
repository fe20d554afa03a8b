import { getContext, setContext } from "svelte";

/** What a form hears of fields that say something it can't take. */
export interface FieldFaults {
  /** `why` is a sentence with the field's label in it; null once the field is sound again, or gone. */
  report(label: string, why: string | null): void;
  /** Counts up when all fields are filled anew, so that what was typed before is past. */
  readonly generation: number;
}

const KEY = Symbol("field faults");

/** Lets all fields below report what is wrong with them. */
export function provideFieldFaults(faults: FieldFaults): void {
  setContext(KEY, faults);
}

/** The form that a field reports to, or undefined where none listens. */
export function readFieldFaults(): FieldFaults | undefined {
  return getContext<FieldFaults | undefined>(KEY);
}
