import { connect } from "node:net";
import { benchmarkCommunication } from "../../comm/benchmark.js";
import type { Communicator } from "../../comm/communicator.js";
import type { PairFacts, Reach } from "./facts.js";

/** How long a port has to answer, in milliseconds. */
const ANSWER_TIME = 3000;
const ROUND_TRIP_BYTES = 4;
const LARGE = 4 << 20;
const SECONDS = 0.2;
const CLOCK_TAG = 1;
const CLOCK_ROUNDS = 10;

/** Whether this rank can open connections to the ports of the others, `addresses` by rank ("tcp://host:port"). */
export function probe(rank: number, addresses: readonly string[]): Promise<Reach[]> {
  const others = [...addresses.keys()].filter((to) => to !== rank);
  return Promise.all(
    others.map(async (to) => {
      const { hostname, port } = new URL(addresses[to]!);
      return {
        from: rank,
        to,
        address: `${hostname}:${port}`,
        error: await whyClosed(hostname, Number(port)),
      };
    }),
  );
}

function whyClosed(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ANSWER_TIME });
    const end = (error?: string): void => {
      socket.destroy();
      resolve(error);
    };
    socket.once("connect", () => {
      end();
    });
    socket.once("timeout", () => {
      end(`no answer within ${ANSWER_TIME / 1000} s`);
    });
    socket.once("error", (error) => {
      end(error.message);
    });
  });
}

/** Measures between all pairs, each rank in one pair at a time; the lower rank of a pair tells. Collective. */
export async function measurePairs(comm: Communicator, tell: (pair: PairFacts) => void): Promise<void> {
  for (const partners of rounds(comm.size)) {
    const partner = partners[comm.rank];
    const pair = await comm.split(partner === undefined ? -1 : Math.min(comm.rank, partner), comm.rank);
    if (!pair) continue;
    const [small, large] = await benchmarkCommunication(pair, {
      operations: ["send"],
      sizes: [ROUND_TRIP_BYTES, LARGE],
      seconds: SECONDS,
    });
    const clockOffset = await compareClocks(pair);
    if (pair.rank === 0) {
      tell({
        from: comm.rank,
        to: partner!,
        roundTripSeconds: small!.medianSeconds,
        bytesPerSecond: LARGE / large!.medianSeconds,
        clockOffset,
      });
    }
    await pair.close();
  }
}

/** Everyone's partner in each round of a tournament in which everyone meets everyone once; undefined: has a rest. */
export function rounds(size: number): (number | undefined)[][] {
  const seats = size + (size % 2);
  return Array.from({ length: seats - 1 }, (_, round) =>
    Array.from({ length: size }, (_, me) => {
      const others = seats - 1;
      // The last seat meets whoever would meet himself: 2·me ≡ round.
      const partner =
        me === others
          ? Array.from({ length: others }, (_, it) => it).find((it) => (2 * it) % others === round % others)!
          : (round - me + others) % others === me
            ? others
            : (round - me + others) % others;
      return partner < size ? partner : undefined;
    }),
  );
}

/** How far rank 1's clock is ahead of rank 0's, in seconds, by the quickest of several questions. Known on rank 0. */
async function compareClocks(pair: Communicator): Promise<number> {
  let [best, offset] = [Infinity, 0];
  const clock = new Float64Array(1);
  for (let round = 0; round < CLOCK_ROUNDS; round++) {
    if (pair.rank === 1) {
      await pair.recv(0, CLOCK_TAG, clock);
      await pair.send(0, CLOCK_TAG, Float64Array.of(Date.now()));
      continue;
    }
    const [asked, from] = [Date.now(), performance.now()];
    await pair.send(1, CLOCK_TAG, clock);
    const [theirs] = await pair.recv(1, CLOCK_TAG, new Float64Array(1));
    const taken = performance.now() - from;
    if (taken < best) [best, offset] = [taken, (theirs! - asked - taken / 2) / 1000];
  }
  return offset;
}
