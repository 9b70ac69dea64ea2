/**
 * Of `count` points in their order the indices of at most `most`, at least 4: the first and the last, and of stretches of
 * equal length the smallest and the largest value, so that no peak is lost.
 * @param valueAt NaN has no place among them
 */
export function thinned(count: number, most: number, valueAt: (index: number) => number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, index) => index);
  const stretches = Math.floor((most - 2) / 2);
  const kept = [0];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor((stretch * (count - 2)) / stretches);
    const to = 1 + Math.floor(((stretch + 1) * (count - 2)) / stretches);
    let [least, largest] = [from, from];
    for (let index = from + 1; index < to; index++) {
      const value = valueAt(index);
      if (value < valueAt(least)) least = index;
      if (value > valueAt(largest)) largest = index;
    }
    kept.push(Math.min(least, largest));
    if (least !== largest) kept.push(Math.max(least, largest));
  }
  kept.push(count - 1);
  return kept;
}
