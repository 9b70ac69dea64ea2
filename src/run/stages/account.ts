import type { Communicator } from "../../comm/communicator.js";
import type { StagesSummary } from "../../report/summary.js";
import type { StagesOfRun } from "./stages-of-run.js";

/** What the run's stages took so far. Collective. */
export async function accountOf(
  { plan, stage, bytes, bytesOfWhole, clock, microBatches }: StagesOfRun,
  comm: Communicator,
): Promise<StagesSummary> {
  const memory = process.resourceUsage().maxRSS * 1024;
  const ranks = await comm.allgatherObject({ stage, memory, ...clock.times });
  const count = plan.stages.length;
  const sum = (of: (rank: (typeof ranks)[number]) => number) =>
    ranks.reduce((total, rank) => total + of(rank), 0);
  const passes = sum((rank) => rank.passes);
  const ofReplica = Math.ceil(microBatches / (comm.size / count));
  return {
    counted: bytes,
    countedOfWhole: bytesOfWhole,
    peakMemory: plan.stages.map((_, i) =>
      ranks.reduce((most, rank) => (rank.stage === i ? Math.max(most, rank.memory) : most), 0),
    ),
    bubble: {
      measured: passes > 0 ? 1 - sum((rank) => rank.computing) / passes : null,
      formula: (count - 1) / (ofReplica + count - 1),
    },
  };
}
