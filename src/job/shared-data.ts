import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isStreamed } from "../data/dataset.js";
import { handOverData } from "../data/dataset-file.js";
import { isDataName } from "../data/sources.js";
import { loadFor, type DataFiles } from "../run/data-of-run.js";
import { IN_MEMORY, type TrainConfig } from "../run/options/config.js";

/** Data that were read once for all ranks of this machine. */
interface SharedData {
  /** Undefined where the ranks read them where they are. */
  readonly files: DataFiles | undefined;
  remove(): Promise<void>;
}

/**
 * Reads a user's own files, which may take long (images, large tables), and writes what is in them where the ranks, all
 * of this machine, take it from. Files whose rows stay where they are, the ranks open themselves.
 * @throws UsageError for what is wrong with them, before any rank starts
 */
export async function shareData(config: TrainConfig): Promise<SharedData> {
  const nothing = { files: undefined, remove: () => Promise.resolve() };
  if (config.data === IN_MEMORY || isDataName(config.data)) return nothing;
  const { train, test } = await loadFor(config);
  if (isStreamed(train) || (test && isStreamed(test))) return nothing;
  const folder = await mkdtemp(join(tmpdir(), "apts-data-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    return { files: await handOverData({ train, test }, folder), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
