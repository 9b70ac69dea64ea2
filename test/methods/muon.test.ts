import { expect, it } from "vitest";
import { hiddenMatrices } from "../../src/methods/first-order/muon.js";
import { fcnn } from "../../src/network/models/fcnn.js";
import { gpt } from "../../src/network/models/gpt.js";
import { tensorsOf } from "../../src/network/parameters.js";
import { Random } from "../../src/random.js";
import { tf } from "../../src/compute/tensorflow.js";

const random = new Random(1);

/** The tensors that Muon takes, by name and as matrices. */
function taken(model: tf.LayersModel): string[] {
  const { slots } = tensorsOf(model);
  return hiddenMatrices(slots).map(({ offset, rows, columns }) => {
    const { name } = slots.find((slot) => slot.offset === offset)!;
    return `${name.replace(/(_\d+)?$/, "")} ${rows} × ${columns}`;
  });
}

it("takes no kernel of the first and the last layer, and no bias", () => {
  expect(taken(fcnn([4], 3, [6], random))).toEqual([]);
  expect(taken(fcnn([4], 3, [6, 5], random))).toHaveLength(1);
  expect(taken(fcnn([4], 3, [6, 5], random))[0]).toMatch(/ 6 × 5$/);
});

it("takes a transformer's layers, neither its embedding nor positions nor gains", () => {
  const model = gpt(8, 11, { layers: 1, heads: 2, width: 4 }, random);
  const names = taken(model).map((tensor) => tensor.replace(/^(.*)\/kernel/, "$1"));
  const heads = [1, 2].flatMap((i) =>
    ["query", "key", "value"].map((part) => `layer_1_head_${i}_${part} 4 × 2`),
  );
  const others = ["layer_1_mlp 4 × 16", "layer_1_mlp_out 16 × 4", "layer_1_projection 4 × 4"];
  expect([...names].sort()).toEqual([...heads, ...others].sort());
});

it("takes convolutions as matrices of their outputs, and a second embedding never", () => {
  const input = tf.input({ shape: [4] });
  const embedding = (name: string) => tf.layers.embedding({ name, inputDim: 5, outputDim: 4 }).apply(input);
  const sum = tf.layers.add().apply([embedding("words"), embedding("places")] as tf.SymbolicTensor[]);
  const convolution = tf.layers.conv1d({ name: "middle", filters: 3, kernelSize: 2 }).apply(sum);
  const logits = tf.layers.dense({ name: "last", units: 2 }).apply(convolution) as tf.SymbolicTensor;
  expect(taken(tf.model({ inputs: input, outputs: logits }))).toEqual(["middle/kernel 8 × 3"]);
});
