import { apts } from "./apts.js";
import type { MethodDescription } from "./description.js";

/** `apts`, which differs on mini-batches anyway; its paper's settings are without the repair. */
export const sapts: MethodDescription<"sapts", typeof apts.options> = {
  ...apts,
  name: "sapts",
  summary: "APTS on mini-batches",
  source: "TCKK23, Algorithm 1 and §3.3",
  batchSize: 128,
  presets: { published: { ...apts.presets!["published"], fdl: false } },
};
