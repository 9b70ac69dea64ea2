import { checkRank } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import { packObject, unpackObject } from "../packing.js";
import { binomialTree } from "./binomial-tree.js";
import { inTurn, type Cost, type Placement } from "./cost.js";
import { gatherCost } from "./gather.js";
import { inOrderCost } from "./in-order.js";

/*
 * Collectives of messages whose size only their sender knows: packed objects.
 */

export async function callBroadcastObject<V>(group: Group, value: V | undefined, root: number): Promise<V> {
  checkRank("broadcastObject", "root", root, group.size);
  const message = group.rank === root ? packObject(value) : undefined;
  const received = await group.run(signatureOf("broadcastObject", { dtype: "object", root }), (collective) =>
    broadcastMessage(collective, message, root),
  );
  return group.rank === root ? (value as V) : (unpackObject(received) as V);
}

export async function callGatherObject<V>(group: Group, value: V, root: number): Promise<V[] | undefined> {
  checkRank("gatherObject", "root", root, group.size);
  const message = packObject(value);
  const messages = await group.run(signatureOf("gatherObject", { dtype: "object", root }), (collective) =>
    gatherMessages(collective, message, root),
  );
  return messages?.map((bytes) => unpackObject(bytes) as V);
}

/** All to rank 0, and from there to all in one message. */
export async function callAllgatherObject<V>(group: Group, value: V): Promise<V[]> {
  const message = packObject(value);
  const packed = await group.run(signatureOf("allgatherObject", { dtype: "object" }), async (collective) => {
    const messages = await gatherMessages(collective, message, 0);
    return broadcastMessage(collective, messages && packObject(messages), 0);
  });
  return (unpackObject(packed) as Uint8Array[]).map((bytes) => unpackObject(bytes) as V);
}

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
async function gatherMessages(
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

/** A tree as that of a reduction in rank order, the other way. @param bytes of the packed object */
export function broadcastObjectCost(place: Placement, bytes: number): Cost {
  return inOrderCost(place, bytes);
}

/** @param bytes of a packed object; `packedBytes` of the list of all of them */
export function allgatherObjectCost(place: Placement, bytes: number, packedBytes: number): Cost {
  const each = new Array<number>(place.ranks).fill(bytes);
  return inTurn(gatherCost(place, each), broadcastObjectCost(place, packedBytes));
}
