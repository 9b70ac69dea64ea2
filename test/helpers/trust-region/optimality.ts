import { expect } from "vitest";
import type { ObsSolution } from "../../../src/trust-region/l-sr1/obs.js";
import { denseMinimum, eigen, model, norm, times } from "./dense.js";
import { determined, type Instance } from "./instances.js";

/** The optimality conditions and the model value, to 1e-6 relative (docs/algorithms.md §3) where B is known as well. */
export function expectMinimiser(
  { kind, B, g, radius }: Instance,
  { s, predicted, norm: length, sigma }: ObsSolution,
): void {
  const tolerance = determined(kind);
  const { values } = eigen(B);
  const largest = Math.max(...values.map(Math.abs));

  // feasible
  expect(norm(s)).toBeLessThanOrEqual(radius);
  expect(length).toBeCloseTo(norm(s), 6);
  // as low as the minimum, and predicted so
  const minimum = denseMinimum(B, g, radius);
  expect(Math.abs(model(B, g, s) - minimum)).toBeLessThanOrEqual(tolerance * Math.abs(minimum));
  expect(Math.abs(predicted + minimum)).toBeLessThanOrEqual(tolerance * Math.abs(minimum));
  // (B + σI)s = −g
  const residual = times(B, s).map((b, i) => b + sigma * s[i]! + g[i]!);
  expect(norm(residual)).toBeLessThanOrEqual(tolerance * (norm(g) + (largest + sigma) * norm(s)));
  // σ ≥ 0, σ(Δ − ‖s‖) = 0, B + σI ⪰ 0
  expect(sigma).toBeGreaterThanOrEqual(0);
  expect(sigma * (radius - norm(s))).toBeLessThanOrEqual(1e-6 * sigma * radius);
  expect(values[0]! + sigma).toBeGreaterThanOrEqual(-tolerance * largest);
}
