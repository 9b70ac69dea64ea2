import type { Decomposition } from "../decomposition/decomposition.js";
import { wholeSpace, type VectorSpace } from "../linalg/space.js";
import type { Vector } from "../linalg/vector.js";
import type { CurvatureModel } from "../trust-region/models/curvature-model.js";
import type { Objective } from "../trust-region/objective.js";
import type { PointWithGradient } from "../trust-region/point.js";
import type { Correction, Preconditioner } from "./preconditioner.js";
import type { MethodContext } from "./problem.js";

interface SubdomainOptions {
  readonly model: CurvatureModel;
  /** What the global model knows. */
  readonly curvature: unknown;
}

/** Solves the problem of one subdomain, all in this process, from a point of which f and ∇f are known. */
export type LocalSolver<O extends SubdomainOptions> = (
  problem: { readonly objective: Objective; readonly space: VectorSpace },
  start: PointWithGradient,
  radius: number,
  options: O,
) => Promise<Correction>;

/**
 * The parameters are split in subdomains (docs/algorithms.md §4.3, §4.4): every rank solves those it owns, and the slices
 * are gathered: s = Σ R_iᵀ (θ_i,new − R_iθ).
 */
export function parameterSubdomains<O extends SubdomainOptions>(
  { comm, decomposition }: Pick<MethodContext, "comm" | "decomposition">,
  solve: LocalSolver<O>,
  options: O,
): Preconditioner {
  const { subdomains } = decomposition;
  const owners = Array.from({ length: comm.size }, (_, rank) => owned(subdomains.length, rank, comm.size));
  return {
    async correct(batch, at, radius) {
      const corrections: Correction[] = [];
      for (const i of owners[comm.rank]!) {
        const R = subdomains[i]!;
        const start = { x: R.restrict(at.x), f: at.f, g: R.restrict(at.g) };
        const curvature = await options.model.restrict(options.curvature, R);
        const local = { objective: batch.local(i, at), space: wholeSpace(R.size) };
        corrections.push(await solve(local, start, radius, { ...options, curvature }));
      }
      const counts = owners.map((own) => own.reduce((sum, i) => sum + subdomains[i]!.size + WORDS, 0));
      const total = counts.reduce((a, b) => a + b);
      const gathered = await comm.allgatherv(packed(corrections), counts, new Float32Array(total));
      return unpacked(gathered, decomposition, owners.flat());
    },
  };
}

/** The subdomains rank r owns: r, r+P, r+2P, … (docs/algorithms.md §0). */
function owned(count: number, rank: number, size: number): number[] {
  return Array.from({ length: count }, (_, i) => i).filter((i) => i % size === rank);
}

/** Entries of a message that a float64 takes. */
const WORDS = 2;

/** Each slice, and after it what its objective fell by. */
function packed(corrections: readonly Correction[]): Vector {
  const out = new Float32Array(corrections.reduce((sum, { s }) => sum + s.length + WORDS, 0));
  let at = 0;
  for (const { s, predicted } of corrections) {
    out.set(s, at);
    out.set(new Float32Array(Float64Array.of(predicted).buffer), at + s.length);
    at += s.length + WORDS;
  }
  return out;
}

/** Sums in the order of the subdomains, whoever owns them. */
function unpacked(gathered: Vector, { dimension, subdomains }: Decomposition, order: number[]): Correction {
  const s = new Float32Array(dimension);
  const predicted = new Float64Array(subdomains.length);
  let at = 0;
  for (const i of order) {
    const { size } = subdomains[i]!;
    subdomains[i]!.prolong(gathered.subarray(at, at + size), s);
    predicted[i] = new Float64Array(gathered.slice(at + size, at + size + WORDS).buffer)[0]!;
    at += size + WORDS;
  }
  return { s, predicted: predicted.reduce((a, b) => a + b, 0) };
}
