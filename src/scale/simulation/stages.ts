import type { Communicator } from "../../comm/communicator.js";
import type { Batch } from "../../network/batch.js";
import { gradientPass, lossPass } from "../../network/pipeline/passes.js";
import type { Stage } from "../../network/pipeline/stage.js";
import type { CopiedPass } from "../model/stages/cost.js";
import type { Fabric } from "./fabric.js";
import { receive } from "./ranks.js";

/** Marks of messages, beside those of src/scale/simulation/ranks.ts. */
const ACTIVATIONS = 2;
const COTANGENTS = 3;

/** A rank of a network in stages: rank = copy · stages + stage. */
interface StageRank {
  readonly rank: number;
  readonly fabric: Fabric;
  /** Of its stage. */
  readonly copies: Communicator;
  /** Takes so many seconds. */
  readonly compute: (seconds: number) => Promise<void>;
}

/** A pass as its stages make it, by its own code (src/network/pipeline/passes.ts). That stages share cores is left out. */
export async function simulatePass(
  pass: CopiedPass,
  { rank, fabric, copies, compute }: StageRank,
): Promise<void> {
  const { microBatches, forward, backward, edges, sums } = pass;
  const count = forward.length;
  const stage = rank % count;
  const first = rank - stage;
  const takers = edges.filter(({ from }) => from === stage);
  const makers = edges.filter(({ to }) => to === stage);
  const taken = async (stages: readonly number[], tag: number): Promise<void> => {
    for (const other of stages) await receive(fabric, first + other, rank, tag);
  };
  const passes = {
    isLast: stage === count - 1,
    behind: count - 1 - stage,
    retains: true,
    replicas: copies,
    clock: { pass: <T>(run: () => Promise<T>) => run() },
    weight: () => 1,
    release: () => undefined,
    holdBack: () => Promise.resolve(),
    settle: () => Promise.resolve(),
    take: () =>
      taken(
        makers.map(({ from }) => from),
        ACTIVATIONS,
      ),
    takeCotangents: () =>
      taken(
        takers.map(({ to }) => to),
        COTANGENTS,
      ),
    forward: async () => {
      await compute(forward[stage]!);
      for (const { to, bytes } of takers) fabric.send(rank, first + to, ACTIVATIONS, bytes);
    },
    backward: async () => {
      await compute(backward![stage]!);
      for (const { from, bytes } of makers) fabric.send(rank, first + from, COTANGENTS, bytes);
      return 0;
    },
    evaluator: { loss: () => compute(forward[stage]!).then(() => 0) },
  } as unknown as Stage; // passes see nothing else of a stage
  const batch = { rows: microBatches, chunks: microBatches } as unknown as Batch;
  if (!backward) await lossPass(passes, batch);
  else
    await gradientPass(passes, batch, new Float32Array((sums[stage]! - Float64Array.BYTES_PER_ELEMENT) / 4));
}
