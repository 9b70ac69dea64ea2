import { readFileSync } from "node:fs";
import type { Vector } from "../../../src/linalg/vector.js";
import type { TensorSlot } from "../../../src/network/layout.js";
import type { TestFunction } from "../objectives.js";

/** The samples of optimizers.json, which optimizers.py makes, and where θ starts. */
interface Samples {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly start: readonly number[];
}

export interface OptimizerFixture extends Samples {
  readonly runs: Readonly<
    Record<string, { readonly losses: readonly number[]; readonly path: readonly (readonly number[])[] }>
  >;
}

export const optimizerFixture = JSON.parse(
  readFileSync(new URL("./optimizers.json", import.meta.url), "utf8"),
) as OptimizerFixture;

/** The widths of the fixture's network. */
const WIDTHS = [3, 4, 2];

/** Where kernels (inputs, outputs) and biases of a dense network lie in θ: W1, b1, W2, b2, … */
export function denseTensors(widths: readonly number[]): TensorSlot[] {
  let next = 0;
  return widths.slice(1).flatMap((outputs, layer) => {
    const shapes = [[widths[layer]!, outputs], [outputs]];
    return shapes.map((shape) => {
      const size = shape.reduce((product, side) => product * side, 1);
      const offset = next;
      next += size;
      return { name: `tensor at ${offset}`, shape, offset, size, layer };
    });
  });
}

/**
 * A dense network with tanh between its layers, in float64 and plain loops: f(θ) = ℓ(θ; all samples) + 0.01 ‖θ‖² with
 * softmax cross-entropy.
 */
export function tinyNetwork({ x, y, start }: Samples, widths: readonly number[] = WIDTHS): TestFunction {
  const offsets = denseTensors(widths).map(({ offset }) => offset);
  const layers = widths.slice(1).map((outputs, i) => {
    return { inputs: widths[i]!, outputs, kernel: offsets[2 * i]!, bias: offsets[2 * i + 1]! };
  });

  /** What each layer gets, and the logits. */
  function forward(theta: Vector, input: readonly number[]): readonly (readonly number[])[] {
    const passed = [input];
    for (const [i, { inputs, outputs, kernel, bias }] of layers.entries()) {
      const h = passed[i]!;
      const sums = Array.from({ length: outputs }, (_, k) => {
        let sum = theta[bias + k]!;
        for (let j = 0; j < inputs; j++) sum += h[j]! * theta[kernel + j * outputs + k]!;
        return i === layers.length - 1 ? sum : Math.tanh(sum);
      });
      passed.push(sums);
    }
    return passed;
  }

  /** f(θ); its gradient goes to `out`. */
  function evaluate(theta: Vector, out: Float64Array): number {
    let loss = 0;
    theta.forEach((value, i) => {
      loss += 0.01 * value * value;
      out[i] = 0.02 * value;
    });
    x.forEach((input, sample) => {
      const passed = forward(theta, input);
      const logits = passed.at(-1)!;
      const largest = Math.max(...logits);
      const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
      const label = y[sample]!;
      loss += (Math.log(sum) + largest - logits[label]!) / x.length;
      let d = logits.map((logit, c) => (Math.exp(logit - largest) / sum - (c === label ? 1 : 0)) / x.length);
      for (const [i, { outputs, kernel, bias }] of [...layers.entries()].reverse()) {
        d.forEach((value, k) => (out[bias + k]! += value));
        d = passed[i]!.map((h, j) => {
          let dInput = 0;
          d.forEach((value, k) => {
            out[kernel + j * outputs + k]! += value * h;
            dInput += value * theta[kernel + j * outputs + k]!;
          });
          return dInput * (1 - h * h);
        });
      }
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
