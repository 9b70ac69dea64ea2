import type { Vector } from "./vector.js";

/** A half-open run [start, end) of indices of θ. */
export interface IndexRun {
  readonly start: number;
  readonly end: number;
}

/** One subdomain's R_i: which entries of θ it owns, as ascending disjoint runs. */
export class Restriction {
  /** n_i */
  readonly size: number;

  constructor(readonly runs: readonly IndexRun[]) {
    this.size = runs.reduce((sum, run) => sum + run.end - run.start, 0);
  }

  /** R_iθ: (n,) → (n_i,) */
  restrict(theta: Vector, out: Vector = new Float32Array(this.size)): Vector {
    let at = 0;
    for (const { start, end } of this.runs) {
      out.set(theta.subarray(start, end), at);
      at += end - start;
    }
    return out;
  }

  /** Writes a slice (n_i,) to its place in `out` (n,), leaving the rest alone: R_iᵀ on the entries owned. */
  prolong(slice: Vector, out: Vector): Vector {
    let at = 0;
    for (const { start, end } of this.runs) {
      out.set(slice.subarray(at, at + end - start), start);
      at += end - start;
    }
    return out;
  }
}

/** Ascending runs, adjacent ones joined. */
export function joinRuns(runs: readonly IndexRun[]): IndexRun[] {
  const joined: IndexRun[] = [];
  for (const run of [...runs].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last?.end === run.start) joined[joined.length - 1] = { start: last.start, end: run.end };
    else if (run.end > run.start) joined.push(run);
  }
  return joined;
}
