import { additivelyPreconditioned, aptsOptions } from "./apts.js";
import { defineMethod } from "./description.js";
import { checkRadii, partsOf, recommended } from "./trust-region-options.js";

export const napts = defineMethod({
  name: "napts",
  summary: "APTS with non-monotone acceptance",
  source: "ACLTK26",
  batches: 1,
  decomposes: true,
  options: aptsOptions({ ...recommended, localSteps: 1, fdl: true, window: 5 }),
  check: checkRadii,
  create: (context, options) => additivelyPreconditioned(context, { ...options, ...partsOf(options) }),
});
