import { AptsError } from "../../errors.js";
import { weightPartsOf } from "../../network/weight-parts.js";
import { describeStages } from "../stages/hand-back.js";
import type { StagesOfRun } from "../stages/stages-of-run.js";
import type { TrainingRun } from "../training-run.js";
import type { StagedCheckpoint } from "./format.js";
import { writeShard } from "./shard.js";
import type { CheckpointFolder } from "./store.js";

/**
 * Writes the parts of a checkpoint, each on the rank of the first replica that holds its stage, all at once; what the
 * manifest says of them. Collective; only rank 0 may be told that it failed, the others are done then, too.
 * @throws AptsError on rank 0 where a part could not be written
 */
export async function writeParts(
  stages: StagesOfRun,
  run: TrainingRun,
  folder: CheckpointFolder,
): Promise<Omit<StagedCheckpoint, "identity"> | undefined> {
  const { replica, stage, pipeline } = stages;
  if (replica !== 0) return undefined;
  const { file, path } = folder.shard(run.position, stage, pipeline.size);
  const own = await write().catch((error: unknown) => ({ failed: (error as Error).message }));
  const parts = await pipeline.allgatherObject(own);
  if (stage !== 0) return undefined;
  const shards = parts.map((part, of) => {
    if (!("failed" in part)) return part;
    throw new AptsError(`stage ${of + 1}: ${part.failed}`);
  });
  return { ledger: run.state.ledger, shards, model: await describeStages(stages) };

  async function write() {
    await folder.make();
    const written = await run.withHeld((held) => writeShard(path, run.state, weightPartsOf(held)));
    return { file, ...written };
  }
}
