/** Start of each of `parts` near equal runs of `count` elements, and the end: parts + 1 entries. */
export function evenOffsets(count: number, parts: number): number[] {
  return Array.from({ length: parts + 1 }, (_, i) => Math.floor((count * i) / parts));
}

/** Bytes of each of the near equal runs. */
export function evenRuns(bytes: number, parts: number): number[] {
  const offsets = evenOffsets(bytes, parts);
  return Array.from({ length: parts }, (_, i) => offsets[i + 1]! - offsets[i]!);
}

/** Start of each run of `counts`, and the end. */
export function offsetsOf(counts: readonly number[]): number[] {
  const offsets = [0];
  for (const count of counts) offsets.push(offsets.at(-1)! + count);
  return offsets;
}
