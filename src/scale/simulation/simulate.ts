import { Random } from "../../random.js";
import type { Iteration, Part, Work } from "../model/iteration.js";
import type { Network } from "../model/links.js";
import { slowdownOf } from "../model/predict.js";
import { Clock } from "./clock.js";
import { Fabric, type Disturbance } from "./fabric.js";
import { SimulatedRank, type SimulatedGroup } from "./ranks.js";
import { simulatePass } from "./stages.js";

export interface SimulationOptions {
  /** Iterations one after another. */
  readonly iterations?: number;
  readonly slowdown?: readonly number[];
  /** Frames and pieces of work take longer by a share that is drawn for each, up to this one. */
  readonly jitter?: number;
  /** The share of ranks that compute so many times as long. */
  readonly stragglers?: { readonly share: number; readonly factor: number };
  readonly seed?: number;
}

export interface Simulated {
  readonly ranks: number;
  /** Of an iteration, on the mean. */
  readonly seconds: number;
  /** Of all iterations and ranks together. */
  readonly frames: number;
  readonly bytes: number;
  readonly events: number;
}

/**
 * Iterations on so many ranks, event by event: the collectives' own code sends its frames over links that take one at a time.
 * The same seed gives the same result.
 */
export async function simulate(
  iteration: Iteration,
  network: Network,
  ranks: number,
  { iterations = 1, slowdown = [1], jitter = 0, stragglers, seed = 0 }: SimulationOptions = {},
): Promise<Simulated> {
  const random = new Random(seed).fork("simulation");
  const disturbance: Disturbance | undefined = jitter > 0 ? { jitter, random } : undefined;
  const clock = new Clock();
  const fabric = new Fabric(clock, network, ranks, disturbance);
  const slow = random.fork("stragglers");
  const programs = Array.from({ length: ranks }, (_, r) => {
    const factor = stragglers && slow.uniform() < stragglers.share ? stragglers.factor : 1;
    const compute = (seconds: number, busy: number) =>
      clock.after(
        fabric.disturbed(
          factor *
            seconds *
            slowdownOf(slowdown, Math.min(busy, network.coreSharers ?? network.ranksPerHost, ranks)),
        ),
      );
    return async () => {
      for (let k = 0; k < iterations; k++)
        for (const part of iteration)
          for (let i = occurrences(part, k); i > 0; i--) await make(part, r, fabric, compute);
    };
  });
  await clock.run(programs);
  return {
    ranks,
    seconds: clock.now / iterations,
    frames: fabric.frames,
    bytes: fabric.bytes,
    events: clock.events,
  };
}

/** How often iteration k has the part. */
function occurrences({ times }: Part, k: number): number {
  return Math.floor((k + 1) * times + 1e-9) - Math.floor(k * times + 1e-9);
}

async function make(
  { work, alike = 0, paused = 0, call, among = 0, pass }: Part,
  rank: number,
  fabric: Fabric,
  compute: (seconds: number, busy: number) => Promise<void>,
): Promise<void> {
  await compute(alike, Infinity);
  await compute(paused, 1);
  if (pass) {
    const stages = pass.forward.length;
    const copies = inGroup(rank, fabric, { first: rank % stages, step: stages, size: fabric.ranks / stages });
    const own = {
      rank,
      fabric,
      copies: copies.communicator,
      compute: (seconds: number) => compute(seconds, 1),
    };
    await simulatePass(pass, own);
  }
  if (!call) return;
  const { pieces, seconds, each }: Work = work ?? { pieces: 0, seconds: 0 };
  const size = among || fabric.ranks;
  const caller = inGroup(rank, fabric, { first: rank - (rank % size), step: 1, size });
  await caller.call(call, pieces, (i) => compute(each?.[i] ?? seconds, pieces));
}

function inGroup(rank: number, fabric: Fabric, group: SimulatedGroup): SimulatedRank {
  return new SimulatedRank((rank - group.first) / group.step, fabric, group);
}
