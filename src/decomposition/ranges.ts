import { UsageError } from "../errors.js";
import { Restriction } from "../linalg/restriction.js";
import type { Decomposition } from "./decomposition.js";

/**
 * N runs of neighbouring indices whose lengths differ by one at most: of a plain function's variables, of which nothing
 * else is known.
 *
 * @throws UsageError where N > n
 */
export function byRanges(dimension: number, count: number): Decomposition {
  if (count > dimension) {
    throw new UsageError(
      `Expected at most ${dimension} subdomains, one for each variable, got ${count}. Use fewer subdomains.`,
    );
  }
  const cut = (i: number): number => Math.floor((dimension * i) / count);
  return {
    name: "ranges",
    dimension,
    subdomains: Array.from(
      { length: count },
      (_, i) => new Restriction([{ start: cut(i), end: cut(i + 1) }]),
    ),
  };
}
