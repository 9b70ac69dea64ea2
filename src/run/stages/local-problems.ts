import { findMethod } from "../../methods/registry.js";
import { cutOf, type TrainConfig } from "../options/config.js";

/** Whether the run's method may solve local problems of stages, which remember what crossed cuts (docs/algorithms.md §6.2). */
export async function solvesLocally(config: TrainConfig, samples: number): Promise<boolean> {
  const method = await findMethod(config.method);
  return method.solvesLocally?.(config.methodOptions, cutOf(config, samples).batches === 1) ?? false;
}
