import { beforeAll, expect, it } from "vitest";
import type { ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { createEvaluator } from "../../src/network/evaluator.js";
import { innerProductGoal } from "../../src/network/goal/inner-product.js";
import { wholeTensors } from "../../src/network/tensor-part.js";
import { Random } from "../../src/random.js";
import { wasm } from "../helpers/network/networks.js";

/*
 * What a stage sends back: the gradient of ⟨c, F(h)⟩ by h, against central differences along random directions.
 */

const { layers } = tf;
type Symbolic = tf.SymbolicTensor;
const apply = (layer: tf.layers.Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic;

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const [STEPS, WIDTH, ROWS] = [5, 6, 4] as const;

/** One of the layers that a random stage is made of: (batch, STEPS, WIDTH) → the same. */
const PARTS: ((x: Symbolic, random: Random) => Symbolic)[] = [
  (x) => apply(layers.dense({ units: WIDTH, activation: "tanh" }), x),
  (x) => apply(layers.layerNormalization(), x),
  (x) => apply(layers.conv1d({ filters: WIDTH, kernelSize: 3, padding: "same", activation: "sigmoid" }), x),
  (x) => apply(layers.gru({ units: WIDTH, returnSequences: true }), x),
  (x) => apply(layers.add(), [x, apply(layers.dense({ units: WIDTH, activation: "tanh" }), x)]),
  attention,
];

function attention(x: Symbolic): Symbolic {
  const [q, k, v] = [0, 1, 2].map(() => apply(layers.dense({ units: WIDTH }), x)) as [
    Symbolic,
    Symbolic,
    Symbolic,
  ];
  const weights = apply(layers.softmax({ axis: 2 }), apply(layers.dot({ axes: 2 }), [q, k]));
  return apply(layers.add(), [x, apply(layers.dot({ axes: [2, 1] }), [weights, v])]);
}

it.each(PARTS.map((_, i) => i + 1))(
  "a random stage, number %i, has the input gradients that differences show",
  async (seed) => {
    const random = new Random(seed);
    const input = tf.input({ shape: [STEPS, WIDTH] });
    // Each part is in one of them for certain.
    const parts = [PARTS[seed - 1]!, ...[0, 1].map(() => PARTS[random.integer(PARTS.length)]!)];
    const output = parts.reduce((x, part) => part(x, random), input);
    const model = tf.model({ inputs: input, outputs: output });
    const drawn = model.getWeights().map(({ shape, size }) =>
      tf.tensor(
        Float32Array.from({ length: size }, () => random.normal(0.1, 0.4)),
        shape,
      ),
    );
    model.setWeights(drawn);
    const goal = { outputs: [innerProductGoal("result", [STEPS, WIDTH])] };
    const evaluator = await createEvaluator(model, goal, backend, { inPlace: true });
    expect(evaluator.description).toBe("own kernels on the WebAssembly heap");

    const size = ROWS * STEPS * WIDTH;
    const vector = () => Float32Array.from({ length: size }, () => random.normal(0, 1));
    const shape = [ROWS, STEPS, WIDTH];
    const [h, c] = [vector(), vector()];
    const targets = [{ values: evaluator.place(c, shape), weights: undefined }];
    const chunkAt = (values: Float32Array) => ({
      rows: ROWS,
      samples: Int32Array.from({ length: ROWS }, (_, i) => i),
      inputs: [evaluator.place(values, shape)],
      targets,
    });
    const byInput = new Float32Array(size);
    const out = new Float32Array(evaluator.layout.dimension);
    await evaluator.gradient(chunkAt(h), 1, wholeTensors(evaluator.layout), out, [byInput]);
    const norm = Math.hypot(...byInput);
    expect(norm).toBeGreaterThan(0.1);
    for (let direction = 0; direction < 4; direction++) {
      const d = vector();
      const at = async (t: number) => {
        const results = [new Float32Array(size)];
        await evaluator.forward(chunkAt(h.map((value, i) => value + t * d[i]!)), results);
        return results[0]!.reduce((sum, value, i) => sum + value * c[i]!, 0); // float64
      };
      const step = 2e-3;
      // Of fourth order in the step: third differences of such networks are large.
      const slope =
        (8 * ((await at(step)) - (await at(-step))) - ((await at(2 * step)) - (await at(-2 * step)))) /
        (12 * step);
      const expected = byInput.reduce((sum, value, i) => sum + value * d[i]!, 0);
      expect(Math.abs(slope - expected)).toBeLessThan(
        (5e-3 * norm * Math.hypot(...d)) / Math.sqrt(size) + 5e-3 * Math.abs(expected),
      );
    }
  },
);

it("gradients that are added are those that are written, on top of what was there", async () => {
  const random = new Random(9);
  const input = tf.input({ shape: [STEPS, WIDTH] });
  const model = tf.model({ inputs: input, outputs: attention(attention(input)) });
  const goal = { outputs: [innerProductGoal("result", [STEPS, WIDTH])] };
  for (const inPlace of [false, true]) {
    const evaluator = await createEvaluator(model, goal, backend, { inPlace });
    const n = evaluator.layout.dimension;
    const vector = (size: number) => Float32Array.from({ length: size }, () => random.normal(0, 1));
    for (const rows of [4, 300]) {
      const shape = [rows, STEPS, WIDTH];
      const [h, c] = [vector(rows * STEPS * WIDTH), vector(rows * STEPS * WIDTH)];
      const chunk = {
        rows,
        samples: Int32Array.from({ length: rows }, (_, i) => i),
        inputs: [evaluator.place(h, shape)],
        targets: [{ values: evaluator.place(c, shape), weights: undefined }],
      };
      const everything = wholeTensors(evaluator.layout);
      const written = new Float32Array(n).fill(NaN);
      await evaluator.gradient(chunk, 1, everything, written);
      const start = vector(n);
      const added = start.slice();
      await evaluator.gradient(chunk, 1, everything, added, undefined, true);
      expect(added).toEqual(start.map((value, i) => Math.fround(value + written[i]!)));
    }
  }
});
