import type { Communicator } from "../../../src/comm/communicator.js";
import { distributedSpace } from "../../../src/comm/vector-space.js";
import { Restriction } from "../../../src/linalg/restriction.js";
import type { VectorSpace } from "../../../src/linalg/space.js";
import type { Vector } from "../../../src/linalg/vector.js";
import type { TensorSlot } from "../../../src/network/layout.js";
import type { Objective } from "../../../src/trust-region/objective.js";
import type { TestFunction } from "../objectives.js";

/** Shares of a vector, rank by rank: uneven ones, and none for some rank of three and of five. */
const SHARES: Readonly<Record<number, readonly number[]>> = {
  1: [1],
  2: [2, 1],
  3: [3, 0, 2],
  5: [1, 4, 0, 2, 3],
};
export const RANKS = Object.keys(SHARES).map(Number);

/** Vectors of n entries cut over the ranks of a group, as one of them holds them. */
export class Cut {
  readonly space: VectorSpace;
  /** Entries that each rank holds. */
  readonly counts: readonly number[];
  /** The entries held here. */
  readonly here: Restriction;

  constructor(
    readonly n: number,
    private readonly comm: Communicator,
  ) {
    const shares = SHARES[comm.size]!;
    const total = shares.reduce((a, b) => a + b);
    const end = (rank: number): number =>
      Math.round((n * shares.slice(0, rank + 1).reduce((a, b) => a + b, 0)) / total);
    this.counts = shares.map((_, rank) => end(rank) - (rank === 0 ? 0 : end(rank - 1)));
    const last = end(comm.rank);
    this.here = new Restriction([{ start: last - this.counts[comm.rank]!, end: last }]);
    this.space = distributedSpace(comm, n);
  }

  /** What of a tensor is held here, maybe nothing. */
  part(tensor: TensorSlot): TensorSlot {
    const [{ start, end } = { start: 0, end: 0 }] = this.here.runs;
    const at = (i: number): number => Math.min(Math.max(i, start), end) - start;
    const [from, to] = [at(tensor.offset), at(tensor.offset + tensor.size)];
    return { ...tensor, shape: [to - from], offset: from, size: to - from };
  }

  /** Collective. */
  assemble(slice: Vector): Promise<Vector> {
    return this.comm.allgatherv(slice, this.counts, new Float32Array(this.n));
  }

  /** f with x and ∇f cut. Every rank evaluates all of it, so that of the same x it has the bits it has uncut. */
  objective(f: TestFunction): Objective {
    return {
      value: async (x) => f.value(await this.assemble(x)),
      gradient: async (x, out) => {
        const whole = await this.assemble(x);
        const g = new Float32Array(this.n);
        f.gradient(whole, g);
        this.here.restrict(g, out);
        return f.value(whole);
      },
    };
  }
}
