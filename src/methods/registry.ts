import { flag, integer, number } from "../config/option.js";
import { globalRule, initialRadius } from "../trust-region/radius.js";
import { apts } from "./apts.js";
import { baselines } from "./baselines.js";
import { describe, type MethodDescription } from "./description.js";
import { tr } from "./tr.js";

const trustRegionOptions = {
  maxTrials: integer({ min: 1, max: 100, fallback: 10, help: "trials with shrinking radius in one step" }),
  radius: number({ min: 1e-12, fallback: initialRadius, help: "first global radius, infinity norm" }),
  minRadius: number({ min: 0, fallback: globalRule.min, help: "smallest global radius" }),
  maxRadius: number({ min: 1e-12, fallback: globalRule.max, help: "largest global radius" }),
};

function aptsOptions(fdl: boolean) {
  return {
    fdl: flag({ fallback: fdl, help: "repair a gathered step that raised the loss with the gradient" }),
    localSteps: integer({ min: 1, max: 1000, fallback: 5, help: "trust-region steps on a subdomain" }),
    ...trustRegionOptions,
  };
}

/** The rule with the user's radii. */
function ruleOf({ minRadius, maxRadius }: { minRadius: number; maxRadius: number }) {
  return { ...globalRule, min: minRadius, max: maxRadius };
}

export const methods: readonly MethodDescription[] = [
  describe({
    name: "apts",
    summary: "additively preconditioned trust region on the full batch",
    source: "TCKK23, Algorithm 1",
    batches: 1,
    options: aptsOptions(true),
    create: (context, options, theta0) => apts(context, { ...options, rule: ruleOf(options) }, theta0),
  }),
  describe({
    name: "sapts",
    summary: "APTS on mini-batches",
    source: "TCKK23, Algorithm 1 and §3.3",
    batches: 20,
    options: aptsOptions(false),
    create: (context, options, theta0) => apts(context, { ...options, rule: ruleOf(options) }, theta0),
  }),
  describe({
    name: "tr",
    summary: "trust region, no subdomains",
    source: "TCKK23 §2.1, CGT00 ch. 6",
    batches: 1,
    options: trustRegionOptions,
    create: (context, options, theta0) => tr(context, { ...options, rule: ruleOf(options) }, theta0),
  }),
  ...baselines,
];

/** The method of that name; names come from `methods`. */
export function methodNamed(name: string): MethodDescription {
  return methods.find((method) => method.name === name)!;
}
