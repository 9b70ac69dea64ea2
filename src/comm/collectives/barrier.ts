import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import { linkOfShift, messages, type Cost, type Placement } from "./cost.js";

export async function callBarrier(group: Group): Promise<void> {
  await group.run(signatureOf("barrier"), barrier);
}

const NOTHING = new Uint8Array(0);

/**
 * Dissemination barrier. In step k every rank tells rank + 2^k and hears from rank − 2^k; after ⌈log₂ P⌉ steps each
 * has heard, directly or not, from all. One header per rank and step.
 *
 * Hensgen, Finkel, Manber: Two algorithms for barrier synchronization, Int. J. Parallel Programming 17 (1988).
 */
export async function barrier(collective: Collective): Promise<void> {
  const { rank, size } = collective;
  for (let distance = 1; distance < size; distance <<= 1) {
    collective.send((rank + distance) % size, NOTHING);
    await collective.receive((rank - distance + size) % size, NOTHING);
  }
}

export function barrierCost(place: Placement): Cost {
  const count = Math.ceil(Math.log2(place.ranks));
  return {
    ways: [[messages(linkOfShift(place, 0), 0, { count, sharers: place.perHost })]],
    frames: place.ranks * count,
    bytes: 0,
  };
}
