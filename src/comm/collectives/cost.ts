import { framesOf, isWorthReading } from "../channels/frame-size.js";
import type { Locality } from "../transport/transport.js";

/*
 * What a collective costs is stated beside its algorithm, without any figure of a machine: frames and bytes on the longest way
 * through it, and those sent in all. A frame on an idle link arrives α + o + βm seconds after it was handed over, and occupies
 * its sender, and its receiver α later, for o + βm (the LogGP model: Alexandrov, Ionescu, Schauser, Scheiman, JPDC 44, 1997).
 * Where the receiver reads it from memory, its sender is free after o. Folding is not counted.
 *
 * Ways are exact for equal links, powers of two and messages of one frame, and close to it else. What is sent in all is exact
 * where no frame is cut anew on its way from one class of link to another. Frames that only report what was read are not
 * counted.
 */

/** Where the ranks of a call are: rank r on host ⌊r / perHost⌋. */
export interface Placement {
  readonly ranks: number;
  readonly perHost: number;
  /** Whether ranks of one host read each other's memory. */
  readonly memory: boolean;
}

/** What follows one after another over links of one class, on a way through a collective. */
export interface Leg {
  readonly link: Locality;
  /** Times α: frames that must have come before the next one leaves. */
  readonly hops: number;
  /** Times o: frames that go one after another through one rank. */
  readonly frames: number;
  /** Times β: bytes that do. */
  readonly bytes: number;
  /** Ranks of a host that use its link to the network at once. */
  readonly sharers: number;
}

export interface Cost {
  /** Each may be the longest, which depends on the links; the collective takes as long as that. Empty: no time at all. */
  readonly ways: readonly (readonly Leg[])[];
  /** Of all ranks together. */
  readonly frames: number;
  readonly bytes: number;
}

export const NOTHING: Cost = { ways: [], frames: 0, bytes: 0 };

/** What a collective chooses its algorithm by. */
export function groupOf(place: Placement): { readonly size: number; readonly locality: Locality } {
  const within = place.memory ? "memory" : "host";
  return { size: place.ranks, locality: isOneHost(place) ? within : "network" };
}

export function isOneHost({ ranks, perHost }: Placement): boolean {
  return ranks <= perHost;
}

/** The link that messages of so many bytes take within a host. */
export function within({ memory }: Placement, bytes: number): Locality {
  return memory && isWorthReading(bytes) ? "memory" : "host";
}

/** The link of partners r and r ± distance in a tree or hypercube, whose pairs are aligned. */
export function linkOfPartners(place: Placement, distance: number, bytes: number): Locality {
  const aligned = place.perHost % (2 * distance) === 0;
  return isOneHost(place) || aligned ? within(place, bytes) : "network";
}

/** The slowest link where every rank sends to the one `distance` ahead. */
export function linkOfShift(place: Placement, bytes: number): Locality {
  return isOneHost(place) ? within(place, bytes) : "network";
}

/** `count` messages of so many bytes one after another, each in one hop, or all in `hops`. */
export function messages(
  link: Locality,
  bytes: number,
  { count = 1, hops = count, sharers = 1 }: { count?: number; hops?: number; sharers?: number } = {},
): Leg {
  return { link, hops, frames: count * framesOf(bytes, link), bytes: count * bytes, sharers };
}

/** The first frame of a message. */
export function firstFrame(link: Locality, bytes: number): Leg {
  return { link, hops: 1, frames: 1, bytes: bytes / framesOf(bytes, link), sharers: 1 };
}

/** The rest of it, behind the first. */
export function otherFrames(link: Locality, bytes: number): Leg {
  const frames = framesOf(bytes, link) - 1;
  return { link, hops: 0, frames, bytes: (bytes * frames) / (frames + 1), sharers: 1 };
}

/** One collective after another. */
export function inTurn(...costs: readonly Cost[]): Cost {
  const joined = (ways: Cost["ways"], more: Cost["ways"]): Cost["ways"] => {
    if (ways.length === 0) return more;
    return more.length === 0 ? ways : ways.flatMap((way) => more.map((other) => [...way, ...other]));
  };
  return {
    ways: costs.map(({ ways }) => ways).reduce(joined, []),
    frames: costs.reduce((sum, { frames }) => sum + frames, 0),
    bytes: costs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
