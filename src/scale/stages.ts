import { naming } from "../job/side-by-side/naming.js";
import { formatPlural } from "../report/format.js";
import type { StudiedRun } from "./plan.js";

/** @throws UsageError where a network cannot be cut in as many stages as a run has, which else only its ranks would notice */
export async function checkStages(planned: readonly StudiedRun[]): Promise<void> {
  const once = planned.filter(({ config, varied }) => config.stages > 1 && varied.repeat === 1);
  if (once.length === 0) return; // and needs no TensorFlow.js here
  const { startBackend } = await import("../compute/backend.js");
  const { planOfConfig } = await import("../run/stages/plan-of-config.js");
  const { backend, blas } = once[0]!.config;
  const started = await startBackend({ backend, threads: 1, blas });
  try {
    for (const { config, varied } of once)
      await naming(`of ${formatPlural(varied.ranks, "rank")}`, () => planOfConfig(config, started));
  } finally {
    started.stop();
  }
}
