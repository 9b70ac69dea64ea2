import { activationBytesOf, type Cost } from "./costs.js";
import { bytesOf, hasRoomToRetain, roomOf, type Usage } from "./memory.js";

/** A network's slowest stage may be so much slower than it has to be, for the sake of fewer bytes that cross. */
const UNEVEN_FLOPS = 1.05;

/** A backward pass takes as long as two forward passes; a stage that others follow and that does not retain its results has another. */
export const ANOTHER_FORWARD = 4 / 3;

/** Whatever a cut is judged by: of the stage with calls from…to, which is not possible where infinite. */
type Weigh = (from: number, to: number, stage: number) => number;

/**
 * The places of `allowed`, ascending, that cut the calls in so many stages, each with parameters: no stage takes more memory than
 * `roomOf` them, where that is possible, else as little as possible; then the stage that computes the most has as little to compute
 * as possible, but for 5 %; then as little as possible crosses. Undefined where there are none.
 * @param crossing bytes of a sample that cross a place
 */
export function bestCut(
  costs: readonly Cost[],
  allowed: readonly number[],
  crossing: (place: number) => number,
  stages: number,
  usage: Usage,
): number[] | undefined {
  const bounds = [0, ...allowed, costs.length];
  const end = bounds.length - 1;
  const across = bounds.map((place, b) => (b === 0 || b === end ? 0 : crossing(place)));
  const flops = sumsUpTo(bounds, costs, (cost) => cost.flops);
  const parameters = sumsUpTo(bounds, costs, (cost) => cost.parameters);
  const activations = activationsBetween(bounds, costs);
  const loadOf = (from: number, to: number, stage: number) => ({
    parameters: parameters[to]! - parameters[from]!,
    activationBytes: activations(from, to),
    takenBytes: across[from]!,
    givenBytes: across[to]!,
    behind: stages - 1 - stage,
  });
  const memory: Weigh = (from, to, stage) => {
    if (parameters[from] === parameters[to]) return Infinity;
    return bytesOf({ ...loadOf(from, to, stage), retains: false }, usage);
  };

  const smallest = best(end, stages, memory, Math.max);
  if (smallest === undefined) return undefined;
  const room = roomOf(stages, memory(0, end, stages - 1), smallest.total, usage);
  const fits: Weigh = (from, to, stage) => {
    if (memory(from, to, stage) > room) return Infinity;
    const once = to === end || hasRoomToRetain(loadOf(from, to, stage), usage, room);
    return ((once ? 1 : ANOTHER_FORWARD) * (flops[to]! - flops[from]!)) / flops[end]!;
  };
  const slowest = best(end, stages, fits, Math.max)!.total * UNEVEN_FLOPS;
  const communicating: Weigh = (from, to, stage) => {
    const share = fits(from, to, stage);
    // Bytes are whole numbers: the rest decides among equals.
    return share <= slowest ? across[to]! + share ** 2 / (4 * stages) : Infinity;
  };
  const { ends } = best(end, stages, communicating, (a, b) => a + b)!;
  return ends.slice(0, -1).map((b) => bounds[b]!);
}

interface Path {
  readonly total: number;
  /** Where each stage ends, the last at `end`. */
  readonly ends: readonly number[];
}

/** The cut of 0…`end` in so many stages whose weights, joined one after another, are least; undefined where all are infinite. */
function best(
  end: number,
  stages: number,
  weigh: Weigh,
  join: (a: number, b: number) => number,
): Path | undefined {
  let totals = Array.from({ length: end + 1 }, (_, to) => (to === 0 ? 0 : Infinity));
  const froms: number[][] = [];
  for (let stage = 0; stage < stages; stage++) {
    const before = totals;
    const from = new Array<number>(end + 1).fill(0);
    totals = before.map(() => Infinity);
    for (let to = stage + 1; to <= end; to++) {
      for (let at = stage; at < to; at++) {
        if (before[at] === Infinity) continue;
        const total = join(before[at]!, weigh(at, to, stage));
        if (total < totals[to]!) [totals[to], from[to]] = [total, at];
      }
    }
    froms.push(from);
  }
  const total = totals[end]!;
  if (total === Infinity) return undefined;
  const ends = [end];
  for (let stage = stages - 1; stage > 0; stage--) ends.unshift(froms[stage]![ends[0]!]!);
  return { total, ends };
}

function sumsUpTo(bounds: readonly number[], costs: readonly Cost[], of: (cost: Cost) => number): number[] {
  let sum = 0;
  const sums = [0, ...costs.map((cost) => (sum += of(cost)))];
  return bounds.map((bound) => sums[bound]!);
}

/** What the results of the calls between two bounds take. */
function activationsBetween(
  bounds: readonly number[],
  costs: readonly Cost[],
): (from: number, to: number) => number {
  const upTo = bounds.map((bound) => [0, ...activationBytesOf(costs.slice(bound))]);
  return (from, to) => upTo[from]![bounds[to]! - bounds[from]!]!;
}
