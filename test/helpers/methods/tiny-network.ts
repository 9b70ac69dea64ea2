import { readFileSync } from "node:fs";
import type { Vector } from "../../../src/linalg/vector.js";
import type { TestFunction } from "../objectives.js";

/** optimizers.json, which optimizers.py makes. */
export interface OptimizerFixture {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly start: readonly number[];
  readonly runs: Readonly<
    Record<string, { readonly losses: readonly number[]; readonly path: readonly (readonly number[])[] }>
  >;
}

export const optimizerFixture = JSON.parse(
  readFileSync(new URL("./optimizers.json", import.meta.url), "utf8"),
) as OptimizerFixture;

const INPUTS = 3;
const HIDDEN = 4;
const CLASSES = 2;

/** The network of the fixture, 3-4-2 with tanh, in float64 and plain loops: f(θ) = ℓ(θ; all samples) + 0.01 ‖θ‖². */
export function tinyNetwork({ x, y, start }: OptimizerFixture): TestFunction {
  const b1 = INPUTS * HIDDEN;
  const w2 = b1 + HIDDEN;
  const b2 = w2 + HIDDEN * CLASSES;

  /** f(θ); its gradient goes to `out`. */
  function evaluate(theta: Vector, out: Float64Array): number {
    let loss = 0;
    theta.forEach((value, i) => {
      loss += 0.01 * value * value;
      out[i] = 0.02 * value;
    });
    x.forEach((input, sample) => {
      const hidden = Array.from({ length: HIDDEN }, (_, k) =>
        Math.tanh(input.reduce((sum, value, j) => sum + value * theta[j * HIDDEN + k]!, theta[b1 + k]!)),
      );
      const logits = Array.from({ length: CLASSES }, (_, c) =>
        hidden.reduce((sum, value, k) => sum + value * theta[w2 + k * CLASSES + c]!, theta[b2 + c]!),
      );
      const largest = Math.max(...logits);
      const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
      const label = y[sample]!;
      loss += (Math.log(sum) + largest - logits[label]!) / x.length;
      const dLogits = logits.map(
        (logit, c) => (Math.exp(logit - largest) / sum - (c === label ? 1 : 0)) / x.length,
      );
      dLogits.forEach((value, c) => (out[b2 + c]! += value));
      hidden.forEach((h, k) => {
        let dHidden = 0;
        dLogits.forEach((value, c) => {
          out[w2 + k * CLASSES + c]! += value * h;
          dHidden += value * theta[w2 + k * CLASSES + c]!;
        });
        const dInner = dHidden * (1 - h * h);
        out[b1 + k]! += dInner;
        input.forEach((value, j) => (out[j * HIDDEN + k]! += dInner * value));
      });
    });
    return loss;
  }

  return {
    name: "tiny-network",
    dimension: start.length,
    start,
    value: (theta) => evaluate(theta, new Float64Array(start.length)),
    gradient(theta, out) {
      const exact = new Float64Array(start.length);
      evaluate(theta, exact);
      out.set(exact);
    },
  };
}
