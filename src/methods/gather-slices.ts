import type { Communicator } from "../comm/communicator.js";
import type { Decomposition } from "../decomposition/decomposition.js";
import type { Vector } from "../linalg/vector.js";
import { ownedSubdomains } from "./problem.js";

/**
 * Σ R_iᵀ s_i from the slices each rank holds of its own subdomains (docs/algorithms.md §4.4): one allgatherv of n numbers.
 * `slices` are in the order of this rank's subdomains r, r+P, …
 */
export async function gatherSlices(
  comm: Communicator,
  { dimension, subdomains }: Decomposition,
  slices: readonly Vector[],
): Promise<Vector> {
  const owners = Array.from({ length: comm.size }, (_, rank) =>
    ownedSubdomains(subdomains.length, rank, comm.size),
  );
  const counts = owners.map((owned) => owned.reduce((sum, i) => sum + subdomains[i]!.size, 0));
  const inRankOrder = await comm.allgatherv(concatenate(slices), counts, new Float32Array(dimension));
  const s = new Float32Array(dimension);
  let at = 0;
  for (const i of owners.flat()) {
    const { size } = subdomains[i]!;
    subdomains[i]!.prolong(inRankOrder.subarray(at, at + size), s);
    at += size;
  }
  return s;
}

function concatenate(slices: readonly Vector[]): Vector {
  const out = new Float32Array(slices.reduce((sum, slice) => sum + slice.length, 0));
  let at = 0;
  for (const slice of slices) {
    out.set(slice, at);
    at += slice.length;
  }
  return out;
}
