import { expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import { goalOf } from "../../src/network/goal/resolve.js";
import { Random } from "../../src/random.js";
import { textOf, writeSample } from "../../src/run/text-sample.js";

it.each([
  ["characters", ["h", "ü"]],
  ["bytes", ["104", "252"]],
] as const)("writes %s as text", async (tokens, names) => {
  const block = (values: number[]) => ({ values: Float32Array.from(values), shape: [2] });
  const target = { ...block([1, 0]), classes: 2, names };
  const data = { count: 1, inputs: [block([0, 1])], targets: [target] };
  const table = tf.tensor2d([
    [-99, 99],
    [99, -99],
  ]); // after the one always the other
  const weights = [table];
  const model = tf.sequential({
    layers: [tf.layers.embedding({ inputDim: 2, outputDim: 2, inputLength: 2, weights })],
  });
  const goal = goalOf(model, [target], [], { name: "the model" });
  const text = textOf(data, goal, tokens)!;
  const written = await writeSample(model, goal, text, new Random(0));
  expect(written).toBe((tokens === "bytes" ? "h\ufffd" : "hü").repeat(100));
});
