/** A rank's place in a tree: who it hears from and who hears from it. */
export interface TreePlace {
  readonly parent: number | undefined;
  /** Nearest first: child i is the root of a subtree of up to 2^i ranks. */
  readonly children: readonly number[];
}

/**
 * The binomial tree over `size` ranks with `root` on top. Ranks count from the root; the parent of a rank is the
 * rank without its lowest set bit, so a subtree is a contiguous run of ranks that starts at its own root.
 */
export function binomialTree(rank: number, size: number, root: number): TreePlace {
  const relative = (rank - root + size) % size;
  const actual = (r: number): number => (r + root) % size;
  const children: number[] = [];
  for (let bit = 1; relative + bit < size; bit <<= 1) {
    if ((relative & bit) !== 0) break;
    children.push(actual(relative + bit));
  }
  const parent = relative === 0 ? undefined : actual(relative & (relative - 1));
  return { parent, children };
}
