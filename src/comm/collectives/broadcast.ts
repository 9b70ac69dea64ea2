import { checkArray, checkRank } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import type { NumericArray } from "../communicator.js";
import { binomialTree } from "./binomial-tree.js";
import { FEW_RANKS, KB, MB } from "./bounds.js";

export async function callBroadcast(group: Group, data: NumericArray, root: number): Promise<void> {
  checkRank("broadcast", "root", root, group.size);
  const dtype = checkArray("broadcast", "data", data);
  const signature = signatureOf("broadcast", { dtype, count: data.length, root });
  await group.run(signature, (collective) => broadcast(collective, data, root));
}

type Algorithm = (collective: Collective, data: NumericArray, root: number) => Promise<void>;

export const broadcast: Algorithm = (collective, data, root) =>
  chosen(collective, data.byteLength)(collective, data, root);

function chosen({ size, locality }: Collective, bytes: number): Algorithm {
  if (size <= FEW_RANKS && (locality === "memory" || bytes <= 64 * KB)) return broadcastDirect;
  // Of four ranks a tree spares the root one message of three, and costs a hop.
  if (size <= 4 && locality === "host" && bytes <= 1 * MB) return broadcastDirect;
  // A chain's root sends once, a tree's ⌈log₂ P⌉ times; within a machine all copies come from one budget anyway.
  return bytes > 4 * MB && locality === "network" ? broadcastChain : broadcastTree;
}

/**
 * Binomial tree, pipelined: ⌈log₂ P⌉ hops; every rank passes each segment on to its children, the largest subtree
 * first, as soon as it has it. n bytes in and at most n·⌈log₂ P⌉ out per rank, n·(P−1) in all.
 *
 * Thakur, Rabenseifner, Gropp: Optimization of collective communication operations in MPICH, IJHPCA 19 (2005), §4.2.
 */
export const broadcastTree: Algorithm = async (collective, data, root) => {
  const { parent, children } = binomialTree(collective.rank, collective.size, root);
  const onward = [...children].reverse();
  if (parent === undefined) for (const child of onward) collective.send(child, data);
  else {
    await collective.receive(parent, data, (begin, end) => {
      for (const child of onward) collective.send(child, data, begin, end);
    });
  }
};

/**
 * Chain, pipelined, for long messages: every rank passes each segment on to the next; n bytes in and out per rank.
 * P − 2 segments behind the root the last rank is done: the time of one message, not of ⌈log₂ P⌉.
 *
 * Barnett, Payne, van de Geijn, Watts: Broadcasting on meshes with wormhole routing, JPDC 35 (1996).
 */
export const broadcastChain: Algorithm = async (collective, data, root) => {
  const { rank, size } = collective;
  const next = (rank + 1) % size;
  const previous = (rank + size - 1) % size;
  if (rank === root) {
    if (size > 1) collective.send(next, data);
    return;
  }
  await collective.receive(previous, data, (begin, end) => {
    if (next !== root) collective.send(next, data, begin, end);
  });
};

/** Direct: the root sends to everyone. One step, n·(P−1) bytes out of the root: for ranks that read its memory. */
export const broadcastDirect: Algorithm = async (collective, data, root) => {
  if (collective.rank !== root) {
    await collective.receive(root, data);
    return;
  }
  for (let r = 0; r < collective.size; r++) if (r !== root) collective.send(r, data);
};
