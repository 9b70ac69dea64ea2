import type { Command } from "commander";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../errors.js";
import { makeFolder, pathError } from "../paths.js";
import { formatPlural } from "../report/format.js";
import { CheckpointFolder, readCheckpoint } from "../run/checkpoint/store.js";
import { DamagedCheckpointError, ledgerIn, type StoredCheckpoint } from "../run/checkpoint/format.js";
import { modelIn } from "../run/checkpoint/model-in.js";
import { contentOf, writeModel } from "../run/folder/files.js";

/** `apts export runs/1 --out DIR`: the model of a checkpoint, as `tf.loadLayersModel` reads it. */
export function exportCommand(program: Command): void {
  program
    .command("export")
    .description("make a model.json of a checkpoint")
    .argument("<run|checkpoint>", "a run folder, whose newest checkpoint is taken, or a checkpoint's file")
    .requiredOption("--out <DIR>", "folder to make, for model.json and weights.bin")
    .action(async (from: string, { out }: { out: string }) => {
      const { checkpoint, file } = await find(from);
      await makeNewFolder(out);
      await writeModel(out, modelIn(checkpoint, file));
      const { last, steps } = ledgerIn(checkpoint);
      const more = steps.made > 0 ? ` and ${formatPlural(steps.made, "step")} more` : "";
      const measured =
        last && more === "" ? `: test accuracy ${last.testAccuracy}, test loss ${last.testLoss}` : "";
      const stages = "shards" in checkpoint ? `, of ${checkpoint.shards.length} stages` : "";
      console.log(`${join(out, "model.json")}, epoch ${last?.epoch ?? 0}${more}${stages}${measured}`);
    });
}

/** @throws UsageError where anything is in its place that is not an empty folder */
async function makeNewFolder(path: string): Promise<void> {
  const content = await contentOf(path);
  if (content !== "nothing") {
    throw new UsageError(
      `Expected --out to be a new or empty folder, but ${path} holds ${content} already. Choose another folder.`,
    );
  }
  await makeFolder(path, "the model's folder");
}

interface Found {
  readonly checkpoint: StoredCheckpoint;
  readonly file: string;
}

/** @throws UsageError where there is none that is whole */
async function find(path: string): Promise<Found> {
  const kind = await stat(path).catch((error: unknown) => {
    throw pathError(`a run folder or a checkpoint at ${path}`, error);
  });
  if (!kind.isDirectory()) {
    try {
      return { checkpoint: await readCheckpoint(path), file: path };
    } catch (error) {
      if (!(error instanceof DamagedCheckpointError)) throw error;
      throw new UsageError(error.message, { cause: error });
    }
  }
  const { checkpoint, file, damaged } = await new CheckpointFolder(path, 1).newest();
  if (checkpoint) return { checkpoint, file };
  throw new UsageError(
    `Expected a checkpoint that is whole in ${file}, found none. ${damaged.join(" ")}`.trimEnd(),
  );
}
