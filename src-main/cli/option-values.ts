import { InvalidArgumentError } from "commander";
import type { z } from "zod";
import { UsageError } from "./cli-io.ts";

/** Parses a whole number within limits; commander turns the error into wrong usage. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Parses a number above `above`, and below `below` where that is given. */
export function realNumber(above: number, below = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value > above && value < below)) {
      throw new InvalidArgumentError(
        below === Infinity
          ? `Expected a number above ${above}.`
          : `Expected a number between ${above} and ${below}.`,
      );
    }
    return value;
  };
}

/** Parses a share from `least` to `most`, both allowed. */
export function share(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Reads what an option gives as JSON; throws `UsageError`, which names the option, for what isn't JSON or doesn't fit the schema. */
export function jsonValue<Value>(option: string, text: string, schema: z.ZodType<Value>): Value {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${option}: ${text.slice(0, 60)} isn't JSON.`, { cause: error });
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(
      `${option}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "it has another form"}.`,
    );
  }
  return parsed.data;
}
