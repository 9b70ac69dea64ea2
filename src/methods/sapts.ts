import { additivelyPreconditioned, aptsOptions } from "./apts.js";
import { defineMethod } from "./description.js";
import { checkRadii, partsOf, published } from "./trust-region-options.js";

export const sapts = defineMethod({
  name: "sapts",
  summary: "APTS on mini-batches",
  source: "TCKK23, Algorithm 1 and §3.3",
  batches: 20,
  decomposes: true,
  options: aptsOptions({ ...published, localSteps: 5, fdl: false, window: 1 }),
  presets: { published: { ...published, localSteps: 5, fdl: false } },
  check: checkRadii,
  create: (context, options) => additivelyPreconditioned(context, { ...options, ...partsOf(options) }),
});
