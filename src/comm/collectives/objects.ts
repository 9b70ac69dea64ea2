import type { Collective } from "../calls/collective.js";
import { binomialTree } from "./binomial-tree.js";

/*
 * Collectives of messages whose size only their sender knows: packed objects.
 */

/** Binomial tree, not pipelined: ⌈log₂ P⌉ hops. Returns the root's `message` on every rank. */
export async function broadcastMessage(
  collective: Collective,
  message: Uint8Array | undefined,
  root: number,
): Promise<Uint8Array> {
  const { parent, children } = binomialTree(collective.rank, collective.size, root);
  const received = parent === undefined ? message! : await collective.receiveUnsized(parent);
  for (const child of [...children].reverse()) collective.send(child, received);
  return received;
}

/** Every rank sends its message to the root directly; the root returns them in rank order. */
export async function gatherMessages(
  collective: Collective,
  message: Uint8Array,
  root: number,
): Promise<Uint8Array[] | undefined> {
  if (collective.rank !== root) {
    collective.send(root, message);
    return undefined;
  }
  const sources = Array.from({ length: collective.size }, (_, r) => r);
  return Promise.all(sources.map(async (r) => (r === root ? message : collective.receiveUnsized(r))));
}
