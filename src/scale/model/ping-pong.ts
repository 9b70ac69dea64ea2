import type { Communicator } from "../../comm/communicator.js";
import { isWorthReading } from "../../comm/channels/frame-size.js";
import { hostIdentity } from "../../comm/transport/sockets.js";
import { fitLine, type Timing } from "./fit.js";
import type { Link, Network } from "./links.js";

/** Bytes of messages: short ones, which go through sockets everywhere, and ones that are worth reading from memory. */
const SIZES: readonly number[] = [0, 1024, 8192, 16_384, 65_536, 131_072, 262_144];
const ROUNDS = 60;
/** Rounds before them: code is compiled, memory is there. */
const WARM = 10;
const BURST = 64;
const TAG = 0;
const BURST_TAG = 1;

/**
 * The links between the ranks of a job, while all that can do so use theirs at once, as in a collective. Collective; ranks of
 * a host must be next to each other, as many on each.
 * @param memory whether ranks of a host may read each other's memory
 * @returns on all ranks the same
 */
export async function measureNetwork(comm: Communicator, memory: boolean): Promise<Network> {
  const { rank, size } = comm;
  const hosts = await comm.allgatherObject(hostIdentity());
  const perHost = hosts.filter((host) => host === hosts[0]).length;
  const place = rank % perHost;
  const host = Math.floor(rank / perHost);
  const beside = perHost > 1 ? await timings(comm, partnerOf(rank, place, 1, perHost)) : undefined;
  const across =
    size > perHost
      ? await timings(comm, place === 0 ? partnerOf(rank, host, perHost, size / perHost) : undefined)
      : undefined;
  const free: Link = { latency: 0, overhead: 0, perByte: 0 };
  const near =
    beside &&
    linkOf(
      beside.messages.filter(({ bytes }) => !(memory && isWorthReading(bytes))),
      beside.gap,
    );
  const read =
    beside &&
    linkOf(
      beside.messages.filter(({ bytes }) => memory && isWorthReading(bytes)),
      beside.gap,
    );
  const far = across && linkOf(across.messages, across.gap);
  return {
    name: "measured",
    ranksPerHost: perHost,
    memory: memory && perHost > 1,
    sharedUplink: true,
    links: { memory: read ?? near ?? far ?? free, host: near ?? far ?? free, network: far ?? near ?? free },
  };
}

/** The other of a pair of neighbours, `distance` apart; undefined for one without. */
function partnerOf(rank: number, place: number, distance: number, places: number): number | undefined {
  if (place % 2 === 1) return rank - distance;
  return place + 1 < places ? rank + distance : undefined;
}

/** What messages between two ranks take: one way, and from one to the next where many follow each other. */
interface Timings {
  readonly messages: readonly Timing[];
  readonly gap: number;
}

/** α + o is where the line begins, o what one message is behind the other. */
function linkOf(messages: readonly Timing[], gap: number): Link | undefined {
  if (messages.length === 0) return undefined;
  const { start, slope } = fitLine(messages);
  const overhead = Math.min(gap, start);
  return { latency: start - overhead, overhead, perByte: slope };
}

/** Of each size the mean of all pairs' rounds. Collective; a rank without a partner only waits. */
async function timings(comm: Communicator, partner: number | undefined): Promise<Timings> {
  const messages: Timing[] = [];
  for (const bytes of SIZES) {
    const data = new Uint8Array(bytes);
    const seconds = await pairs(comm, partner, async (other, first) => {
      if (first) await comm.send(other, TAG, data);
      await comm.recv(other, TAG, data);
      if (!first) await comm.send(other, TAG, data);
    });
    messages.push({ bytes, seconds: seconds / 2 });
  }
  const little = new Uint8Array(8);
  const burst = await pairs(comm, partner, async (other, first) => {
    if (first) for (let i = 0; i < BURST; i++) void comm.send(other, BURST_TAG, little);
    if (!first) for (let i = 0; i < BURST; i++) await comm.recv(other, BURST_TAG, little);
    if (first) await comm.recv(other, BURST_TAG, little);
    else await comm.send(other, BURST_TAG, little);
  });
  return { messages, gap: Math.max(0, burst - 2 * messages[0]!.seconds) / (BURST - 1) };
}

/** Seconds of an exchange, the mean over rounds and pairs: one in which a rank waits for a core counts as it does in a run. */
async function pairs(
  comm: Communicator,
  partner: number | undefined,
  exchange: (other: number, first: boolean) => Promise<void>,
): Promise<number> {
  await comm.barrier();
  let mine = 0;
  if (partner !== undefined) {
    for (let round = 0; round < WARM; round++) await exchange(partner, comm.rank < partner);
    const begun = performance.now();
    for (let round = 0; round < ROUNDS; round++) await exchange(partner, comm.rank < partner);
    mine = (performance.now() - begun) / 1000 / ROUNDS;
  }
  const [sum, count] = await comm.allreduce(Float64Array.of(mine, partner === undefined ? 0 : 1), "sum");
  return sum! / count!;
}
