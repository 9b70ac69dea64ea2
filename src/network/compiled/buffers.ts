/** A buffer of `size` units that is in use from step `from` to step `to`, both included. */
export interface Lifetime {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Places buffers in one block so that those in use at the same time do not overlap: the largest first, each at the
 * lowest offset that is free during its life.
 */
export function placeBuffers(buffers: readonly Lifetime[]): { offsets: number[]; total: number } {
  const offsets = new Array<number>(buffers.length).fill(0);
  const placed: number[] = [];
  let total = 0;
  const order = buffers.map((_, i) => i).sort((i, j) => buffers[j]!.size - buffers[i]!.size || i - j);
  for (const i of order) {
    const { size, from, to } = buffers[i]!;
    const obstacles = placed
      .filter((j) => buffers[j]!.from <= to && from <= buffers[j]!.to)
      .map((j) => ({ start: offsets[j]!, end: offsets[j]! + buffers[j]!.size }))
      .sort((a, b) => a.start - b.start);
    let offset = 0;
    for (const { start, end } of obstacles) {
      if (offset + size <= start) break;
      offset = Math.max(offset, end);
    }
    offsets[i] = offset;
    placed.push(i);
    total = Math.max(total, offset + size);
  }
  return { offsets, total };
}
