import type { Call } from "../call.js";
import { binomialTree } from "./binomial-tree.js";

/*
 * Collectives of messages whose size only their sender knows: packed objects.
 */

/** Binomial tree, not pipelined: ⌈log₂ P⌉ hops. Returns the root's `message` on every rank. */
export async function broadcastMessage(
  call: Call,
  message: Uint8Array | undefined,
  root: number,
): Promise<Uint8Array> {
  const { parent, children } = binomialTree(call.rank, call.size, root);
  const received = parent === undefined ? message! : await call.receiveUnsized(parent);
  for (const child of [...children].reverse()) call.send(child, received);
  return received;
}

/** Every rank sends its message to the root directly; the root returns them in rank order. */
export async function gatherMessages(
  call: Call,
  message: Uint8Array,
  root: number,
): Promise<Uint8Array[] | undefined> {
  if (call.rank !== root) {
    call.send(root, message);
    return undefined;
  }
  const sources = Array.from({ length: call.size }, (_, r) => r);
  return Promise.all(sources.map(async (r) => (r === root ? message : call.receiveUnsized(r))));
}
