/** An area in hectares for a table whose heading says so; small ones in square metres with their unit, since nobody reads 0.0001563 ha. */
export function hectaresWords(hectares: number): string {
  return hectares !== 0 && Math.abs(hectares) < 0.01
    ? `${(hectares * 10_000).toLocaleString("en", { maximumSignificantDigits: 3 })} m²`
    : hectares.toLocaleString("en", { maximumSignificantDigits: 4 });
}
