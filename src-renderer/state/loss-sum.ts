import {
  formatLossExpression,
  parseLossExpression,
  type LossTerm,
} from "#shared/training/loss-expression.ts";

/** The losses of a sum such as "crossentropy+0.5*dice", with their weights and numbers; none where it can't be read. */
export function lossTermsOf(loss: string): LossTerm[] {
  try {
    return parseLossExpression(loss);
  } catch {
    return [];
  }
}

/** The ids of the losses in a sum. */
export function lossTerms(loss: string): string[] {
  return lossTermsOf(loss).map(({ id }) => id);
}

/** The sum with a term added, or taken out; at least one always stays. */
export function withLossTerm(loss: string, term: string, wanted: boolean): string {
  const before = lossTermsOf(loss);
  if (wanted && before.some(({ id }) => id === term)) {
    return loss;
  }
  const terms = wanted
    ? [...before, { id: term, weight: 1, parameters: {} }]
    : before.filter(({ id }) => id !== term);
  return terms.length === 0 ? loss : formatLossExpression(terms);
}

/** The sum with another weight or number for one of its terms; a number of null goes back to its default. */
export function withTermChanged(
  loss: string,
  term: string,
  change:
    | { readonly weight: number }
    | { readonly parameter: { readonly id: string; readonly value: number | null } },
): string {
  return formatLossExpression(
    lossTermsOf(loss).map((item) => {
      if (item.id !== term) {
        return item;
      }
      if ("weight" in change) {
        return { ...item, weight: change.weight };
      }
      const { id, value } = change.parameter;
      const others = Object.entries(item.parameters).filter(([name]) => name !== id);
      return {
        ...item,
        parameters: Object.fromEntries(value === null ? others : [...others, [id, value]]),
      };
    }),
  );
}
