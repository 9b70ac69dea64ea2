import { beforeAll, describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import type { ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { labelled, type Labelled } from "../../src/data/dataset.js";
import type { Vector } from "../../src/linalg/vector.js";
import { Random } from "../../src/random.js";
import { Batch } from "../../src/network/batch.js";
import { followed, runningStatistics } from "../../src/network/running-statistics.js";
import { wholeTensors } from "../../src/network/tensor-part.js";
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

/** Mean and variance of each unit of the first layer at θ, over all samples. */
function moments(theta: Float32Array): number[] {
  const inputs = [...samples.features].map((value) => (value - 128) / 70);
  const units = [0, 1, 2, 3].map((unit) =>
    Array.from({ length: rows }, (_, i) =>
      [0, 1, 2].reduce((sum, j) => sum + inputs[3 * i + j]! * theta[4 * j + unit]!, 0),
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

  it.each(["heap", "tape"])("follow accepted iterates only, on the %s", async (kind) => {
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

    const follow = async (running: Vector | null, theta: Vector, whole: boolean): Promise<Vector> => {
      const statistics = (await runningStatistics(evaluator, comm!, running, { theta, batch, whole }))!;
      evaluator.setStatistics(statistics);
      return statistics;
    };

    const measured = await follow(null, first, true);
    expectClose(measured, moments(first), 1e-4);
    const score = await scoreOf(evaluator, chunk);

    evaluator.setParameters(trial);
    await evaluator.loss(chunk, 1);
    await evaluator.gradient(chunk, 1, wholeTensors(evaluator.layout), new Float32Array(dimension));
    evaluator.setParameters(first);
    expect(await scoreOf(evaluator, chunk)).toEqual(score);

    // A mini-batch moves them by a tenth, the whole training set replaces them.
    const was = measured.slice();
    const moved = moments(second).map((value, i) => 0.9 * was[i]! + 0.1 * value);
    expectClose(await follow(measured, second, false), moved, 1e-4);
    expect(measured).toEqual(was);
    expectClose(await follow(measured, second, true), moments(second), 1e-4);
    evaluator.dispose();
  });

  it("are replaced by a large mini-batch as by so many of 128 samples", () => {
    const moved = (rows: number, times: number) => {
      let running: Vector = Float32Array.of(1);
      for (let i = 0; i < times; i++) running = followed(running, Float32Array.of(0), { rows, whole: false });
      return running[0]!;
    };
    expect(moved(32, 1)).toBeCloseTo(0.9, 6);
    expect(moved(512, 1)).toBeCloseTo(moved(128, 4), 6);
    expect(moved(1000, 1)).toBeLessThan(0.5);
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
