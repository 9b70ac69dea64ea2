import { beforeAll, describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import type { ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { labelled, type Labelled } from "../../src/data/dataset.js";
import type { Vector } from "../../src/linalg/vector.js";
import { Random } from "../../src/random.js";
import { Batch } from "../../src/network/batch.js";
import { wholeTensors } from "../../src/network/tensor-part.js";
import { WholeNetwork } from "../../src/network/whole-network.js";
import { expectClose } from "../helpers/compute/compare.js";
import {
  compiledOn,
  expectAgreement,
  MEMORY,
  randomTheta,
  scoreOf,
  tapeOf,
  wasm,
} from "../helpers/network/networks.js";

const random = new Random(7);
const rows = 60;
const samples: Labelled = {
  sampleShape: [3],
  classes: 2,
  features: Uint8Array.from({ length: 3 * rows }, () => random.integer(256)),
  labels: Int32Array.from({ length: rows }, () => random.integer(2)),
};
const scale = { mean: [128], deviation: [70] };

function network(): tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [3], units: 4, useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.dense({ units: 2 }),
    ],
  });
}

/** Mean and variance of each unit of the first layer at θ, over samples [from, to). */
function moments(theta: Float32Array, from = 0, to = rows): number[] {
  const inputs = [...samples.features].map((value) => (value - 128) / 70);
  const units = [0, 1, 2, 3].map((unit) =>
    Array.from({ length: to - from }, (_, i) =>
      [0, 1, 2].reduce((sum, j) => sum + inputs[3 * (from + i) + j]! * theta[4 * j + unit]!, 0),
    ),
  );
  const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;
  const means = units.map(mean);
  return [...means, ...units.map((x, i) => mean(x.map((value) => (value - means[i]!) ** 2)))];
}

describe("the running statistics of batch normalisation", () => {
  let backend: ComputeBackend;
  beforeAll(async () => {
    backend = await wasm();
  });

  it.each(["heap", "tape"])(
    "are those of the θ they are asked for, whatever was tried since, on the %s",
    async (kind) => {
      const evaluator =
        kind === "heap" ? compiledOn(network(), backend.heap!, MEMORY) : await tapeOf(network());
      const [comm] = createLocalGroup(1);
      const batch = new Batch(labelled(samples), { normalisations: [scale] });
      const chunk = batch.chunk(0);
      const { dimension } = evaluator.layout;
      const [first, second, trial] = [1, 2, 3].map((seed) => randomTheta(dimension, seed)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];

      const whole = new WholeNetwork({ evaluator, penalty: undefined, comm: comm!, subdomains: [] });
      const measured = (await whole.statistics([batch], first))!;
      expectClose(measured, moments(first), 1e-4);
      whole.setStatistics(measured);
      const score = await scoreOf(evaluator, chunk);

      evaluator.setParameters(trial);
      await evaluator.loss(chunk, 1);
      await evaluator.gradient(chunk, 1, wholeTensors(evaluator.layout), new Float32Array(dimension));
      evaluator.setParameters(first);
      expect(await scoreOf(evaluator, chunk)).toEqual(score);

      // Those of another θ are its own: nothing is left of what was before.
      expectClose((await whole.statistics([batch], second))!, moments(second), 1e-4);
      evaluator.dispose();
    },
  );

  it("are means over groups, and over the samples of several batches", async () => {
    const theta = randomTheta(compiledOn(network(), backend.heap!, MEMORY).layout.dimension, 1);
    const groups = [
      [0, 20],
      [20, 40],
      [40, 60],
    ] as const;
    const all = Int32Array.from({ length: rows }, (_, i) => i);
    const batchOf = (indices: Int32Array, groupRows?: number) =>
      new Batch(labelled(samples), { normalisations: [scale] }, { groupRows }, indices);
    const expected = moments(theta).map((_, i) =>
      groups.reduce((sum, [from, to]) => sum + moments(theta, from, to)[i]! / groups.length, 0),
    );
    const measuredOn = async (size: number, batches: Batch[]): Promise<(Vector | null)[]> =>
      Promise.all(
        createLocalGroup(size).map((comm) => {
          const evaluator = compiledOn(network(), backend.heap!, MEMORY);
          return new WholeNetwork({ evaluator, penalty: undefined, comm, subdomains: [] }).statistics(
            batches,
            theta,
          );
        }),
      );
    for (const batches of [
      [batchOf(all, 20)],
      [batchOf(all.subarray(0, 40), 20), batchOf(all.subarray(40), 20)],
    ])
      for (const found of await measuredOn(1, batches)) expectClose(found!, expected, 1e-4);
    const [alone] = await measuredOn(1, [batchOf(all, 20)]);
    for (const found of await measuredOn(2, [batchOf(all, 20)])) expect(found).toEqual(alone);
  });

  it("come in the order of the model's layers, whichever branch is reached first", async () => {
    const { layers } = tf;
    const input = tf.input({ shape: [3] });
    const chain = (...those: tf.layers.Layer[]) =>
      those.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, input);
    const dense = () => layers.dense({ units: 2 });
    const late = chain(dense(), layers.batchNormalization());
    const early = chain(layers.batchNormalization(), dense());
    const outputs = dense().apply(layers.concatenate().apply([late, early]));
    await expectAgreement(
      backend,
      tf.model({ inputs: input, outputs: outputs as tf.SymbolicTensor }),
      20,
      1,
      1e-5,
    );
  });
});
