/** One loss of a sum. */
export interface LossTerm {
  /** An id of the engine's losses. */
  readonly id: string;
  /** What it is multiplied by. */
  readonly weight: number;
  /** The numbers given for it, by their ids; others have their defaults. */
  readonly parameters: Readonly<Record<string, number>>;
}

const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const TERM = new RegExp(
  String.raw`^\s*(?:(?<before>${NUMBER})\s*\*\s*)?(?<id>[a-z][a-z0-9-]*)\s*(?:\((?<list>[^()]*)\))?\s*(?:\*\s*(?<after>${NUMBER}))?\s*$`,
  "i",
);
const PARAMETER = new RegExp(String.raw`^\s*(?<id>[a-z][a-z0-9-]*)\s*=\s*(?<value>${NUMBER})\s*$`, "i");

/**
 * Reads a weighted sum of losses: `crossentropy`, `crossentropy+dice`, `focal(gamma=2, alpha=0.25) + 0.5*dice`, `dice*0.5`.
 * Which losses and parameters there are is for the engine's registry to say. Throws with the part that can't be read.
 */
export function parseLossExpression(expression: string): LossTerm[] {
  return terms(expression).map((text) => {
    const { before, id, list, after } = TERM.exec(text)?.groups ?? {};
    if (id === undefined || (before !== undefined && after !== undefined)) {
      throw new Error(
        `The loss “${expression}” can't be read at “${text.trim()}”: expected terms such as dice, 0.5*dice or focal(gamma=2), joined with +.`,
      );
    }
    return { id: id.toLowerCase(), weight: Number(before ?? after ?? 1), parameters: parameters(list, text) };
  });
}

/** Writes a sum so that `parseLossExpression` reads the same; a weight of 1 is left out. */
export function formatLossExpression(sum: readonly LossTerm[]): string {
  return sum
    .map(({ id, weight, parameters: given }) => {
      const list = Object.entries(given).map(([name, value]) => `${name}=${value}`);
      return `${weight === 1 ? "" : `${weight}*`}${id}${list.length === 0 ? "" : `(${list.join(",")})`}`;
    })
    .join("+");
}

/** Cuts at each `+` that isn't an exponent's (`1e+3`) or inside brackets. */
function terms(expression: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let index = 0; index < expression.length; index++) {
    const character = expression[index];
    depth += character === "(" ? 1 : character === ")" ? -1 : 0;
    if (character === "+" && depth === 0 && !/\de$/i.test(expression.slice(start, index))) {
      parts.push(expression.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, expression.slice(start)];
}

function parameters(list: string | undefined, term: string): Record<string, number> {
  const result: Record<string, number> = {};
  for (const text of list === undefined || list.trim() === "" ? [] : list.split(",")) {
    const { id, value } = PARAMETER.exec(text)?.groups ?? {};
    if (id === undefined || value === undefined) {
      throw new Error(`In the loss “${term.trim()}”, “${text.trim()}” isn't NAME=NUMBER, as in gamma=2.`);
    }
    const name = id.toLowerCase();
    if (Object.hasOwn(result, name)) {
      throw new Error(`In the loss “${term.trim()}”, ${id} is given twice.`);
    }
    result[name] = Number(value);
  }
  return result;
}
