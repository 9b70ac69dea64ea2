import { describe, expect, it } from "vitest";
import { distanceInf, normInf } from "../../src/linalg/reductions.js";
import { methods } from "../../src/methods/registry.js";
import { onGroup } from "../helpers/comm/groups.js";
import { createMethod, go } from "../helpers/methods/steps.js";
import { evenSplit, TestProblem, trigonometric } from "../helpers/objectives.js";
import { expectSameBits } from "../helpers/same-bits.js";
import { Cut, RANKS } from "../helpers/trust-region/cut.js";

const f = trigonometric(12);
const decomposition = evenSplit(f.dimension, 1);
const tensors = [
  { name: "one", shape: [7], offset: 0, size: 7, layer: 0 },
  { name: "other", shape: [5], offset: 7, size: 5, layer: 1 },
];
const STEPS = 12;
/** Rates with which a step leads somewhere. */
const rates: Readonly<Record<string, number>> = { sgd: 0.1, soaa: 0.1 };

/** Subdomains of parameters, and shards, take whole vectors; stages have objectives of their own (iapts.test.ts). */
const cases = methods
  .filter(({ decomposes, shards, stages }) => !decomposes && !shards && !stages)
  .flatMap(({ name, options }) =>
    (options["direction"]?.choices ?? [undefined]).map((direction) => ({
      name,
      label: direction ? `${name} ${direction}` : name,
      options: {
        ...(direction && { direction }),
        ...("learningRate" in options && { learningRate: rates[name] ?? 0.02 }),
        ...("firstStep" in options && { firstStep: rates[name] ?? 0.02 }),
      },
    })),
  );

describe.each(cases)("$label", ({ name, options }) => {
  it.each(RANKS)("takes the steps of whole vectors on vectors cut over %i ranks", async (ranks) => {
    const start = Float32Array.from(f.start);
    const method = createMethod(name, options, { decomposition, tensors });
    const whole = await go(method, method.start(start), new TestProblem(f, decomposition), STEPS);

    const cut = await onGroup("memory", ranks, async (comm) => {
      const cut = new Cut(f.dimension, comm);
      const problem = {
        key: "everything",
        objective: cut.objective(f),
        space: cut.space,
        local: () => expect.fail("Of cut vectors no subdomain is known."),
      };
      const method = createMethod(name, options, {
        comm,
        decomposition,
        tensors: tensors.map((tensor) => cut.part(tensor)),
      });
      const { path, reports } = await go(method, method.start(cut.here.restrict(start)), problem, STEPS);
      const assembled = [];
      for (const theta of path) assembled.push(await cut.assemble(theta));
      return { path: assembled, reports };
    });
    for (const one of cut) expectSameBits(one, cut[0]);
    const { path, reports } = cut[0]!;
    if (ranks === 1) expectSameBits([path, reports], [whole.path, whole.reports]);
    path.forEach((theta, k) => {
      const expected = whole.path[k]!;
      expect(distanceInf(theta, expected)).toBeLessThanOrEqual(1e-4 * normInf(expected)); // roundings add up
      const { accepted, loss, gradientNorm, radius = 0 } = whole.reports[k]!;
      expect(reports[k]!.accepted).toBe(accepted);
      expect(Math.abs((reports[k]!.radius ?? 0) - radius)).toBeLessThanOrEqual(1e-4 * radius);
      expect(Math.abs(reports[k]!.loss - loss)).toBeLessThanOrEqual(1e-4 * loss);
      expect(Math.abs(reports[k]!.gradientNorm - gradientNorm)).toBeLessThanOrEqual(1e-4 * gradientNorm);
    });
    expect(whole.reports.some(({ accepted }) => accepted)).toBe(true);
  });
});
