import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import { scale, type Vector } from "../linalg/vector.js";
import type { Objective } from "../trust-region/objective.js";
import type { PointWithGradient } from "../trust-region/point.js";
import type { BatchKey, Problem, Shards } from "./problem.js";

/** f_d(x) and ∇f_d(x). */
export interface ShardSlope {
  readonly f: number;
  readonly g: Vector;
}

/** What the shards of this rank have given at points, which are never written to, on a batch: not worth a second evaluation. */
export type KnownSlopes = WeakMap<Vector, { readonly batch: BatchKey; readonly of: Map<number, ShardSlope> }>;

const NO_VECTOR = new Float32Array(0);

/** The shards of a batch; those that evaluate batches see to it that a method which asks for them has them. */
export function shardsOf({ shards }: Pick<Problem, "shards">): Shards {
  if (shards === undefined) throw new Error("Expected the problem to be cut in shards.");
  return shards;
}

/**
 * f = Σ |D_d|/|D| f_d (docs/algorithms.md §7): every rank evaluates its own shards, and one sum along the tree of
 * docs/algorithms.md §9 makes f or ∇f of them, the same bits on any number of ranks. Collective.
 */
export class SumOfShards implements Objective {
  constructor(
    private readonly comm: Communicator,
    private readonly shards: Shards,
    private readonly batch: BatchKey,
    private readonly known: KnownSlopes,
  ) {}

  value(x: Vector): Promise<number> {
    const { comm, shards } = this;
    const evaluate = async (d: number) => shards.weight(d) * (await shards.local(d).value(x));
    return chunkedSum(comm, shards.count, evaluate, NO_VECTOR);
  }

  gradient(x: Vector, out: Vector): Promise<number> {
    const { comm, shards, batch, known } = this;
    const of = new Map<number, ShardSlope>();
    known.set(x, { batch, of });
    const evaluate = async (d: number, partial: Vector) => {
      const f = await shards.local(d).gradient(x, partial);
      of.set(d, { f, g: partial.slice() });
      scale(shards.weight(d), partial, partial);
      return shards.weight(d) * f;
    };
    return chunkedSum(comm, shards.count, evaluate, out);
  }

  /** f_d(x) and ∇f_d(x) of a shard of this rank. */
  async slope(d: number, x: Vector): Promise<ShardSlope> {
    const { shards, batch, known } = this;
    const found = known.get(x);
    const slope = found?.batch === batch ? found.of.get(d) : undefined;
    if (slope) return slope;
    const g = new Float32Array(x.length);
    return { f: await shards.local(d).gradient(x, g), g };
  }
}

/**
 * The local objective of a shard, f̃_d(θ) = f_d(θ) + ⟨∇f(θ_k) − ∇f_d(θ_k), θ − θ_k⟩ (docs/algorithms.md §7), in value and
 * gradient: to first order it is f.
 * @param local f_d @param slope ∇f_d(θ_k) @param at θ_k with ∇f
 */
export function consistent(
  local: Objective,
  slope: Vector,
  at: Pick<PointWithGradient, "x" | "g">,
): Objective {
  const correction = at.g.map((value, i) => value - slope[i]!);
  const term = (x: Vector): number => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += correction[i]! * (x[i]! - at.x[i]!);
    return sum;
  };
  return {
    value: async (x) => (await local.value(x)) + term(x),
    gradient: async (x, out) => {
      const f = await local.gradient(x, out);
      for (let i = 0; i < out.length; i++) out[i]! += correction[i]!;
      return f + term(x);
    },
  };
}
