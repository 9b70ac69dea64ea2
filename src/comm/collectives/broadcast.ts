import { checkArray, checkRank } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import { framesOf } from "../channels/frame-size.js";
import type { NumericArray } from "../communicator.js";
import type { Locality } from "../transport/transport.js";
import { binomialTree } from "./binomial-tree.js";
import { FEW_RANKS, KB, MB } from "./bounds.js";
import {
  firstFrame,
  groupOf,
  isOneHost,
  linkOfPartners,
  linkOfShift,
  messages,
  NOTHING,
  otherFrames,
  within,
  type Cost,
  type Placement,
} from "./cost.js";

export async function callBroadcast(group: Group, data: NumericArray, root: number): Promise<void> {
  checkRank("broadcast", "root", root, group.size);
  const dtype = checkArray("broadcast", "data", data);
  const signature = signatureOf("broadcast", { dtype, count: data.length, root });
  await group.run(signature, (collective) => broadcast(collective, data, root));
}

type Algorithm = (collective: Collective, data: NumericArray, root: number) => Promise<void>;

export const broadcast: Algorithm = (collective, data, root) =>
  chosen(collective, data.byteLength)(collective, data, root);

/** What it costs from rank 0. */
export function broadcastCost(place: Placement, bytes: number): Cost {
  if (place.ranks === 1) return NOTHING;
  return costs.get(chosen(groupOf(place), bytes))!(place, bytes);
}

function chosen({ size, locality }: Pick<Collective, "size" | "locality">, bytes: number): Algorithm {
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
 * Over the last frame's way down, which waits at the first child for the frames before it: S·(⌈log₂ P⌉ − 1) + 1 frames in
 * ⌈log₂ P⌉ hops; or out of the root, S·⌈log₂ P⌉ frames.
 */
export function broadcastTreeCost(place: Placement, bytes: number): Cost {
  const links = partnersDown(place, bytes);
  return {
    ways: [
      [firstFrame(links[0]!, bytes), ...links.slice(1).map((link) => messages(link, bytes))],
      links.map((link, i) => messages(link, bytes, { hops: i === links.length - 1 ? 1 : 0 })),
    ],
    ...toEveryone(place, bytes),
  };
}

/** The links from rank 0 to its children, the largest subtree first. */
function partnersDown(place: Placement, bytes: number): Locality[] {
  const hops = Math.ceil(Math.log2(place.ranks));
  return Array.from({ length: hops }, (_, i) => linkOfPartners(place, 2 ** (hops - 1 - i), bytes));
}

/** Frames that came in parts go on in those parts. */
function toEveryone(place: Placement, bytes: number): Pick<Cost, "frames" | "bytes"> {
  const beside = Math.min(place.ranks, place.perHost) - 1;
  const beyond = place.ranks - 1 - beside;
  const frames =
    beside * framesOf(bytes, within(place, bytes)) + (beyond > 0 ? beyond * framesOf(bytes, "network") : 0);
  return { frames, bytes: (place.ranks - 1) * bytes };
}

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

/** P − 1 hops of the first frame, and the others behind it. */
export function broadcastChainCost(place: Placement, bytes: number): Cost {
  const { ranks, perHost } = place;
  const crossings = Math.ceil(ranks / perHost) - 1;
  const slowest = linkOfShift(place, bytes);
  const hop = (link: Locality) => firstFrame(link, bytes);
  return {
    ways: [
      [
        ...Array.from({ length: crossings }, () => hop("network")),
        ...Array.from({ length: ranks - 1 - crossings }, () => hop(within(place, bytes))),
        otherFrames(slowest, bytes),
      ],
    ],
    ...toEveryone(place, bytes),
  };
}

/** Direct: the root sends to everyone. One step, n·(P−1) bytes out of the root: for ranks that read its memory. */
export const broadcastDirect: Algorithm = async (collective, data, root) => {
  if (collective.rank !== root) {
    await collective.receive(root, data);
    return;
  }
  for (let r = 0; r < collective.size; r++) if (r !== root) collective.send(r, data);
};

/** Out of the root; what is read from its memory is read by all at once. */
export function broadcastDirectCost(place: Placement, bytes: number): Cost {
  const beside = Math.min(place.ranks, place.perHost) - 1;
  const beyond = place.ranks - 1 - beside;
  const link = within(place, bytes);
  const near = messages(link, bytes, { count: beside, hops: isOneHost(place) ? 1 : 0 });
  const far = messages("network", bytes, { count: beyond, hops: 1 });
  const own = link === "memory" ? { ...near, bytes } : near;
  return { ways: [isOneHost(place) ? [own] : [own, far]], ...toEveryone(place, bytes) };
}

const costs = new Map<Algorithm, (place: Placement, bytes: number) => Cost>([
  [broadcastTree, broadcastTreeCost],
  [broadcastChain, broadcastChainCost],
  [broadcastDirect, broadcastDirectCost],
]);
