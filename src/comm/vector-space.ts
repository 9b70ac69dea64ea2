import type { VectorSpace } from "../linalg/space.js";
import type { Communicator } from "./communicator.js";

/**
 * Vectors of `dimension` entries cut in slices, one a rank; a slice may be empty. Partial results, which are written
 * over, are completed by one all-reduce, whose bits are the same on every rank. Collective.
 */
export function distributedSpace(comm: Communicator, dimension: number): VectorSpace {
  return {
    dimension,
    sum: (partials) => comm.allreduce(partials, "sum"),
    max: (partials) => comm.allreduce(partials, "max"),
  };
}
