import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { losses, lossNamed } from "../../src/network/losses/index.js";
import { EPSILON, type Loss } from "../../src/network/losses/loss.js";
import { expectClose } from "../helpers/compute/compare.js";

beforeAll(() => startBackend({ backend: "cpu", threads: 1 }));

/** What the arguments of a loss are: any numbers, numbers above 0, shares of 1, or logits. */
type Domain = "numbers" | "positive" | "shares" | "logits";
const domains: Readonly<Record<string, readonly [y: Domain | "signs" | "class", p: Domain]>> = {
  meanSquaredLogarithmicError: ["positive", "positive"],
  hinge: ["signs", "numbers"],
  squaredHinge: ["signs", "numbers"],
  categoricalHinge: ["shares", "numbers"],
  poisson: ["positive", "positive"],
  kullbackLeiblerDivergence: ["shares", "shares"],
  categoricalCrossentropy: ["shares", "shares"],
  sparseCategoricalCrossentropy: ["class", "shares"],
  binaryCrossentropy: ["shares", "shares"],
  softmaxCrossEntropy: ["shares", "logits"],
  sparseSoftmaxCrossEntropy: ["class", "logits"],
  sigmoidCrossEntropy: ["shares", "logits"],
};

interface Row {
  readonly y: readonly number[];
  readonly p: readonly number[];
}

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map(Math.fround);

/** One number of such a kind; some shares are so near 0 that they are clipped. */
function entry(domain: Domain | "signs" | "class"): fc.Arbitrary<number> {
  if (domain === "numbers") return between(-3, 3);
  if (domain === "positive") return between(0.01, 3);
  if (domain === "logits") return between(-20, 20);
  if (domain === "signs") return fc.constantFrom(-1, 1);
  return fc.oneof(
    { weight: 5, arbitrary: between(0.01, 0.99) },
    { weight: 1, arbitrary: fc.constant(Math.fround(EPSILON / 10)) },
  );
}

/** Rows of one to five numbers, where a difference of 1e-4 in p crosses no kink. */
function rows({ name }: Loss): fc.Arbitrary<Row> {
  const [ofY, ofP] = domains[name] ?? (["numbers", "numbers"] as const);
  return fc
    .integer({ min: ofY === "class" ? 2 : 1, max: 5 })
    .chain((width) => {
      const several = (domain: Domain | "signs" | "class") =>
        fc.array(entry(domain), { minLength: width, maxLength: width });
      const oneHot = fc.nat(width - 1).map((k) => Array.from({ length: width }, (_, j) => Number(j === k)));
      const y =
        ofY === "class"
          ? fc.nat(width - 1).map((k) => [k])
          : ofY === "shares"
            ? fc.oneof(oneHot, several("shares"))
            : several(ofY);
      return fc.record({ y, p: several(ofP) });
    })
    .filter((row) => !isAtKink(name, row));
}

function isAtKink(name: string, { y, p }: Row): boolean {
  const near = (a: number, b: number) => Math.abs(a - b) < 1e-3;
  const each = (kink: (yj: number, pj: number) => boolean) => p.some((pj, j) => kink(y[j] ?? 0, pj));
  if (name === "meanAbsoluteError" || name === "meanAbsolutePercentageError")
    return each((a, b) => near(a, b) || near(a, 0));
  if (name === "huber") return each((a, b) => near(Math.abs(a - b), 1));
  if (name === "hinge" || name === "squaredHinge") return each((a, b) => near(a * b, 1));
  if (name === "categoricalHinge") {
    const wrong = p.map((pj, j) => (1 - y[j]!) * pj).sort((a, b) => b - a);
    const right = p.reduce((sum, pj, j) => sum + y[j]! * pj, 0);
    return near(wrong[0]!, wrong[1] ?? Infinity) || near(1 + wrong[0]!, right);
  }
  if (name.endsWith("ategoricalCrossentropy")) {
    // A small number is a small share only beside larger ones; clipped, it is at the bound again where they sum to 1.
    // A share just below 1 is clipped or not by its last bits.
    const total = p.reduce((sum, pj) => sum + pj, 0);
    return total < 0.5 || near(total, 1) || p.some((pj) => pj !== total && near(pj / total, 1));
  }
  if (name === "cosineProximity") return Math.hypot(...p) < 0.1 || Math.hypot(...y) < 0.1;
  return false;
}

/** In double precision: the loops take whatever array they get. */
const doubles = (values: readonly number[]) => Float64Array.from(values) as unknown as Float32Array;

function valueOf(loss: Loss, { y, p }: Row): number {
  return loss.ofRow(doubles(y), 0, doubles(p), 0, p.length, 1, undefined, 0);
}

function gradientOf(loss: Loss, { y, p }: Row, scale = 1): number[] {
  const g = doubles(p.map(() => 0));
  loss.ofRow(doubles(y), 0, doubles(p), 0, p.length, scale, g, 0);
  return [...g];
}

function centralDifferences(loss: Loss, { y, p }: Row): number[] {
  return p.map((pj, j) => {
    const h = Math.abs(pj) < EPSILON ? EPSILON / 30 : 1e-6;
    const at = (shift: number) => valueOf(loss, { y, p: p.map((q, k) => (k === j ? q + shift : q)) });
    return (at(h) - at(-h)) / (2 * h);
  });
}

describe.each(losses.map((loss) => [loss.name, loss] as const))("%s", (name, loss) => {
  it("has the gradient that central differences have", () => {
    fc.assert(
      fc.property(rows(loss), (row) => {
        expectClose(gradientOf(loss, row), centralDifferences(loss, row), 1e-5);
      }),
      { numRuns: 200 },
    );
  });

  it("is the same by TensorFlow.js, with its gradient", () => {
    fc.assert(
      fc.property(rows(loss), ({ y, p }) => {
        const width = p.length;
        const target = tf.tensor(y, loss.targets === "classes" ? [1] : [1, width]);
        const { value, grad } = tf.valueAndGrad((x) => tf.sum(loss.ofTensors(target, x)))(
          tf.tensor(p, [1, width]),
        );
        const row = { y, p: p.map(Math.fround) };
        expectClose(value.dataSync(), [valueOf(loss, row)], 1e-5);
        expectClose(grad.dataSync(), gradientOf(loss, row), 2e-5);
        tf.dispose([target, value, grad]);
      }),
      { numRuns: 100 },
    );
  });

  it("writes the gradient where it is asked to, times a scale, also in place of p", () => {
    fc.assert(
      fc.property(rows(loss), ({ y, p }) => {
        const width = p.length;
        const wanted = gradientOf(loss, { y, p }, 0.25);
        const memory = doubles([9, 9, ...y, ...p, 9]);
        loss.ofRow(memory, 2, memory, 2 + y.length, width, 0.25, memory, 2 + y.length);
        expect([...memory]).toEqual([9, 9, ...y, ...wanted, 9]);
      }),
      { numRuns: 20 },
    );
  });

  it("is found by every way to write its name", () => {
    const words = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    for (const other of [name, words, words.replaceAll("_", "-"), name[0]!.toUpperCase() + name.slice(1)])
      expect(lossNamed(other)).toBe(loss);
  });
});
