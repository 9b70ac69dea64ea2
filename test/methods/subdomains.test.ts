import { expect, it } from "vitest";
import { normInf } from "../../src/linalg/reductions.js";
import { localCorrection } from "../../src/methods/local-solve.js";
import { parameterSubdomains } from "../../src/methods/subdomains.js";
import { gradient } from "../../src/trust-region/models/gradient.js";
import { globalRule } from "../../src/trust-region/radius.js";
import { onGroup } from "../helpers/comm/groups.js";
import { evenSplit, rosenbrock, TestProblem } from "../helpers/objectives.js";

it("the corrections of parameter subdomains are summed, with what their objectives fell by, alike on any ranks", async () => {
  const f = rosenbrock(10);
  const decomposition = evenSplit(10, 5);
  const options = { localSteps: 3, rule: globalRule, model: gradient, curvature: null, maxTrials: 10 };
  const x = Float32Array.from(f.start);
  const g = new Float32Array(10);
  f.gradient(x, g);
  const at = { x, f: f.value(x), g };
  const of = (ranks: number) =>
    onGroup("memory", ranks, (comm) =>
      parameterSubdomains({ comm, decomposition }, localCorrection, options).correct(
        new TestProblem(f, decomposition),
        at,
        0.05,
      ),
    );
  const [alone] = await of(1);
  for (const ranks of [2, 3, 7]) for (const other of await of(ranks)) expect(other).toEqual(alone);

  const { s, predicted } = alone!;
  expect(normInf(s)).toBeLessThanOrEqual(0.05 * (1 + 1e-6));
  // f̃_i(θ_k) − f̃_i(θ_i), each with all other parameters as they are
  const falls = decomposition.subdomains.map((R) => {
    const moved = R.prolong(R.restrict(x.map((value, i) => value + s[i]!)), x.slice());
    return at.f - f.value(moved);
  });
  expect(falls.every((fall) => fall > 0)).toBe(true);
  expect(predicted / falls.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
});
