import type { Call } from "../call.js";
import { binomialTree } from "./binomial-tree.js";

/**
 * Binomial tree, pipelined: ⌈log₂ P⌉ hops; every rank passes each segment on to its children, the largest subtree
 * first, as soon as it has it. n bytes in and at most n·⌈log₂ P⌉ out per rank, n·(P−1) in all.
 *
 * Thakur, Rabenseifner, Gropp: Optimization of collective communication operations in MPICH, IJHPCA 19 (2005), §4.2.
 */
export async function broadcastTree(call: Call, data: ArrayBufferView, root: number): Promise<void> {
  const { parent, children } = binomialTree(call.rank, call.size, root);
  const onward = [...children].reverse();
  if (parent === undefined) for (const child of onward) call.send(child, data);
  else {
    await call.receive(parent, data, (begin, end) => {
      for (const child of onward) call.send(child, data, begin, end);
    });
  }
}
