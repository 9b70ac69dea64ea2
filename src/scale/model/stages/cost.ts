import { framesOf } from "../../../comm/channels/frame-size.js";
import { chunkedSumCost } from "../../../comm/chunked-sum.js";
import { within, type Placement } from "../../../comm/collectives/cost.js";
import { spanOf, totalOf, type Network, type Span } from "../links.js";
import { walk, type Carried, type Cores, type Edge, type Pass } from "./walk.js";

/** A pass that all copies of a network in stages make of their micro-batches; then each stage sums over the copies. */
export interface CopiedPass extends Pass {
  /** Micro-batches of all copies. */
  readonly microBatches: number;
  /** Bytes that each stage sums; 0 where it has none. */
  readonly sums: readonly number[];
}

/** Where it is made: rank = copy · stages + stage (docs/stages.md). */
export interface StagesPlace {
  readonly network: Network;
  readonly ranks: number;
  /** How much longer computing takes where so many ranks that share cores do. */
  readonly pace: (computing: number) => number;
}

type Spend = (what: string, seconds: number) => void;

/**
 * Seconds of the pass: of stages that compute, and wait for each other, and what messages add to that.
 * @param spend is told what they are spent on, but for work that more ranks would share
 */
export function costOfPass(
  name: string,
  pass: CopiedPass,
  place: StagesPlace,
  spend: Spend,
): { readonly compute: number; readonly moving: number } {
  const stages = pass.forward.length;
  const copies = place.ranks / stages;
  const own = { ...pass, microBatches: Math.ceil(pass.microBatches / copies) };
  const cores = coresOf(place, stages);
  const last = (carried: (edge: Edge) => Carried, of?: Cores): number => Math.max(...walk(own, carried, of));
  const carried = carriedOn(place, stages);

  const works = pass.forward.map((seconds, stage) => seconds + (pass.backward?.[stage] ?? 0));
  const mean = works.reduce((sum, seconds) => sum + seconds, 0) / stages;
  const busiest = Math.max(...works);
  const alone = last(free);
  const computed = last(free, cores);
  const unsized = last((edge) => ({ ...carried(edge), moving: 0 }), cores);
  const ends = walk(own, carried, cores);
  const moved = Math.max(...ends);
  const { end, sum } = ends
    .map((end, stage) => ({ end, sum: sumOf(pass.sums[stage]!, pass.microBatches, place, stages) }))
    .reduce((a, b) => (b.end + totalOf(b.sum) > a.end + totalOf(a.sum) ? b : a));
  const seconds = end + totalOf(sum);

  const more = own.microBatches - pass.microBatches / copies;
  spend(`too few pieces of work: ${pass.microBatches} micro-batches (${name})`, more * mean);
  spend(`stages that take longer than others (${name})`, own.microBatches * (busiest - mean));
  spend(`stages that wait for each other (${name})`, alone - own.microBatches * busiest);
  spend(`cores that ranks share (${name})`, computed - alone);
  spend(`latency between stages (${name})`, unsized - computed);
  spend(`bandwidth between stages (${name})`, moved - unsized);
  // Stages that are done before the last have begun to sum.
  const after = seconds > moved ? (seconds - moved) / totalOf(sum) : 0;
  spend(`latency of the sum over copies (${name})`, after * sum.latency);
  spend(`bandwidth of the sum over copies (${name})`, after * sum.bandwidth);
  return { compute: computed, moving: seconds - computed };
}

function free(): Carried {
  return { latency: 0, overhead: 0, moving: 0, isRead: false };
}

/** All copies compute alike, so that those of other copies count where they share the cores. */
function coresOf({ network, ranks, pace }: StagesPlace, stages: number): Cores {
  const sharers = Math.min(network.coreSharers ?? network.ranksPerHost, ranks);
  const copies = Math.max(1, Math.floor(sharers / stages));
  return {
    of: (stage) => Math.floor(stage / sharers),
    pace: (computing) => pace(Math.min(sharers, computing * copies)),
  };
}

/** Over the network where it is so for any of the copies. */
function carriedOn({ network, ranks }: StagesPlace, stages: number): (edge: Edge) => Carried {
  const { ranksPerHost, memory } = network;
  const hostOf = (rank: number): number => Math.floor(rank / ranksPerHost);
  const firsts = Array.from({ length: Math.min(ranks / stages, ranksPerHost) }, (_, copy) => copy * stages);
  return ({ from, to, bytes }) => {
    const isFar = firsts.some((first) => hostOf(first + from) !== hostOf(first + to));
    const link = isFar ? "network" : within({ ranks, perHost: ranksPerHost, memory }, bytes);
    const { latency, overhead, perByte } = network.links[link];
    return {
      latency,
      overhead: framesOf(bytes, link) * overhead,
      moving: bytes * perByte,
      isRead: link === "memory",
    };
  };
}

/** Of the copies of one stage, while those of the others of a host use its link to the network as well. */
function sumOf(bytes: number, chunks: number, { network, ranks }: StagesPlace, stages: number): Span {
  const { ranksPerHost, memory, sharedUplink, links } = network;
  const perHost = Math.max(1, Math.floor(ranksPerHost / stages));
  const sharers = sharedUplink ? Math.min(stages, ranksPerHost) : 1;
  const place: Placement = { ranks: ranks / stages, perHost, memory };
  if (bytes === 0 || place.ranks === 1) return { latency: 0, bandwidth: 0 };
  const wire = { ...links.network, perByte: sharers * links.network.perByte };
  return spanOf(chunkedSumCost(place, chunks, bytes), { ...network, links: { ...links, network: wire } });
}
