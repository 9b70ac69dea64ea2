import type { Cost, Leg } from "../../comm/collectives/cost.js";
import type { Locality } from "../../comm/transport/transport.js";

/** A frame of m bytes alone on the link arrives α + o + βm seconds after it was handed over. */
export interface Link {
  /** α, seconds: what a frame takes on its way, while others may follow. */
  readonly latency: number;
  /** o, seconds: what it keeps its sender, and its receiver, from the next one. */
  readonly overhead: number;
  /** β, seconds */
  readonly perByte: number;
}

/** What ranks are connected by. */
export interface Network {
  readonly name: string;
  readonly ranksPerHost: number;
  /** Ranks that share cores: those of a host, where not given. */
  readonly coreSharers?: number;
  /** Whether ranks of one host read each other's memory. */
  readonly memory: boolean;
  /** Whether the ranks of a host share one link to the others. */
  readonly sharedUplink: boolean;
  readonly links: Readonly<Record<Locality, Link>>;
}

/** Seconds of a collective: what of them more bytes would cost, and what no byte less would save. */
export interface Span {
  readonly latency: number;
  readonly bandwidth: number;
}

/** The longest of the ways. */
export function spanOf({ ways }: Pick<Cost, "ways">, network: Network): Span {
  const spans = ways.map((way) => way.map((leg) => spanOfLeg(leg, network)).reduce(plus, NO_TIME));
  return spans.reduce((longest, span) => (totalOf(span) > totalOf(longest) ? span : longest), NO_TIME);
}

export function totalOf({ latency, bandwidth }: Span): number {
  return latency + bandwidth;
}

const NO_TIME: Span = { latency: 0, bandwidth: 0 };

function spanOfLeg({ link, hops, frames, bytes, sharers }: Leg, network: Network): Span {
  const { latency, overhead, perByte } = network.links[link];
  const share = link === "network" && network.sharedUplink ? sharers : 1;
  return { latency: hops * latency + frames * overhead, bandwidth: share * bytes * perByte };
}

function plus(a: Span, b: Span): Span {
  return { latency: a.latency + b.latency, bandwidth: a.bandwidth + b.bandwidth };
}
