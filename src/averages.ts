/** Of values themselves the middle one by a number, of two in the middle the lesser. */
export function middleBy<Value>(
  values: readonly Value[],
  numberOf: (value: Value) => number,
): Value | undefined {
  return values.toSorted((a, b) => numberOf(a) - numberOf(b))[(values.length - 1) >> 1];
}

/** The middle one, or the mean of the two in the middle, as the quartiles of reports have it; NaN of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (below === undefined || above === undefined) return NaN;
  return below === above ? below : (below + above) / 2; // of infinity twice, no NaN
}

export function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** NaN of none. */
export function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length;
}
