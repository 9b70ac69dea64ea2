import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import type { Heap } from "../../../src/compute/wasm/heap.js";
import { activations, curves } from "../../../src/compute/wasm/kernels/activations.js";
import { expectSame, randomTensor, seeds } from "../../helpers/compute/compare.js";

let heap: Heap;
beforeAll(async () => {
  heap = (await startBackend({ backend: "wasm", threads: 1 })).heap!;
});

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Φ(x) = ½ + ∫₀ˣ φ, by Simpson's rule. */
function normal(x: number): number {
  const steps = 1000;
  const h = x / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-((i * h) ** 2) / 2);
  }
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}

const PARAMETER = 0.375;
const SELU_ALPHA = 1.6732632423543772;

/** Each by its definition, in double precision. */
const definitions: Record<keyof typeof activations | keyof typeof curves, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  sigmoid,
  tanh: Math.tanh,
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  hardSigmoid: (x) => Math.min(Math.max(0.2 * x + 0.5, 0), 1),
  gelu: (x) => x * normal(x),
  gelu_new: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  swish: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  leakyReLU: (x) => (x > 0 ? x : PARAMETER * x),
  clippedReLU: (x) => Math.min(Math.max(x, 0), PARAMETER),
  thresholdedReLU: (x) => (x > PARAMETER ? x : 0),
};

/** From −12 to 12 without the kinks, and some numbers far out and near 0. */
const points = Float32Array.from([
  ...Array.from({ length: 1771 }, (_, i) => -12 + 0.01355 * (i + 0.5)),
  ...[1e-4, 1e-6, 1e-20, 40, 85].flatMap((x) => [x, -x]),
]);
const n = points.length;

/** f(x) of the kernel at all points, and dy · f′ with dy = 2, added to 1. */
function computed(name: keyof typeof definitions): { values: Float32Array; slopes: Float32Array } {
  const memory = heap.allocate(16 * n);
  const [x, y, dy, dx] = [memory, memory + 4 * n, memory + 8 * n, memory + 12 * n];
  heap.floats(x, n).set(points);
  heap.floats(dy, n).fill(2);
  heap.floats(dx, n).fill(1);
  const { kernels } = heap;
  if (name in activations) {
    const kind = activations[name as keyof typeof activations];
    kernels.activate(kind, x, n, y);
    kernels.activationGradient(kind, y, dy, n, true, dx);
  } else {
    const kind = curves[name as keyof typeof curves];
    kernels.curve(kind, PARAMETER, x, n, y);
    kernels.curveGradient(kind, PARAMETER, x, dy, n, true, dx);
  }
  const result = { values: heap.floats(y, n).slice(), slopes: heap.floats(dx, n).map((d) => (d - 1) / 2) };
  heap.free(memory);
  return result;
}

describe("activation kernels", () => {
  it.each(Object.entries(definitions))(
    "%s follows its definition, and its slope central differences",
    (name, f) => {
      const { values, slopes } = computed(name as keyof typeof definitions);
      points.forEach((x, i) => {
        const y = f(x);
        expect(Math.abs(values[i]! - y)).toBeLessThan(2e-7 * Math.max(1, Math.abs(y)));
        const h = 1e-5 * Math.max(1, Math.abs(x));
        if ([0, 6, PARAMETER, 2.5].some((kink) => Math.abs(Math.abs(x) - kink) <= h)) return;
        expect(Math.abs(slopes[i]! - (f(x + h) - f(x - h)) / (2 * h))).toBeLessThan(2e-6);
      });
    },
  );
});

describe("Prelu on WebAssembly", () => {
  it("agrees with plain JavaScript whatever the axes that share a slope", async () => {
    const shape = [2, 3, 4, 5];
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([0, 1, 2, 3]),
        fc.integer({ min: 0, max: 2 }),
        seeds,
        async (shared, cut, seed) => {
          const slopes = shape.map((size, i) => (shared.includes(i) ? 1 : size)).slice(cut);
          await expectSame(() => tf.prelu(randomTensor(shape, seed), randomTensor(slopes, seed + 1)));
        },
      ),
    );
  });
});
