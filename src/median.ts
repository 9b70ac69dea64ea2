/** The middle of some measurements; of an even number the upper of the two. @param values at least one */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
