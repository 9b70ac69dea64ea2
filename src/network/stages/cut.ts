import type { Cost } from "./costs.js";

/** What a rank's memory is for, beside the results of its layers. */
export interface Balance {
  /** Vectors as long as the parameters: themselves, gradients, what a method remembers. */
  readonly vectors: number;
  /** Samples of a micro-batch. */
  readonly rows: number;
}

/** A stage that others follow computes its results twice. */
const OFTENER = 4 / 3;

interface Found {
  /** The largest share of a stage. */
  readonly share: number;
  readonly crossing: number;
  readonly cuts: readonly number[];
}

/**
 * The places of `allowed`, ascending, that cut the calls in so many stages, each with parameters, so that the largest share
 * which a stage has of all computations or of all memory is smallest, and, among equals, few bytes cross.
 * Undefined where there are none.
 */
export function bestCut(
  costs: readonly Cost[],
  allowed: readonly number[],
  crossing: (place: number) => number,
  stages: number,
  { vectors, rows }: Balance,
): number[] | undefined {
  const bounds = [0, ...allowed, costs.length];
  const flops = sumsUpTo(bounds, costs, (cost) => cost.flops);
  const bytes = sumsUpTo(bounds, costs, (cost) => 4 * vectors * cost.parameters + rows * cost.resultBytes);
  const parameters = sumsUpTo(bounds, costs, (cost) => cost.parameters);
  const crossings = allowed.map(crossing);
  const end = bounds.length - 1;
  const shareOf = (from: number, to: number): number => {
    if (parameters[to] === parameters[from]) return Infinity;
    const times = to === end ? 1 : OFTENER;
    const ofFlops = (times * (flops[to]! - flops[from]!)) / flops[end]!;
    return Math.max(ofFlops, (bytes[to]! - bytes[from]!) / bytes[end]!);
  };

  // best[b]: of the calls up to bounds[b], in as many stages as were placed yet
  let best: (Found | undefined)[] = bounds.map((_, to) => {
    const share = to === 0 ? Infinity : shareOf(0, to);
    return Number.isFinite(share) ? { share, crossing: 0, cuts: [] } : undefined;
  });
  for (let placed = 2; placed <= stages; placed++) {
    const before = best;
    best = bounds.map((_, to) => {
      let found: Found | undefined;
      for (let from = 1; from < to; from++) {
        const head = before[from];
        const share = head && Math.max(head.share, shareOf(from, to));
        if (head === undefined || share === undefined || !Number.isFinite(share)) continue;
        const bytesAcross = head.crossing + crossings[from - 1]!;
        const better =
          found === undefined ||
          share < found.share ||
          (share === found.share && bytesAcross < found.crossing);
        if (better) found = { share, crossing: bytesAcross, cuts: [...head.cuts, bounds[from]!] };
      }
      return found;
    });
  }
  const found = best[end];
  return found && [...found.cuts];
}

function sumsUpTo(bounds: readonly number[], costs: readonly Cost[], of: (cost: Cost) => number): number[] {
  let sum = 0;
  const sums = [0, ...costs.map((cost) => (sum += of(cost)))];
  return bounds.map((bound) => sums[bound]!);
}
