import { tf } from "../../../src/compute/tensorflow.js";
import { labelled } from "../../../src/data/dataset.js";
import { Batch } from "../../../src/network/batch.js";
import { fcnn } from "../../../src/network/models/fcnn.js";
import type { RankNetwork } from "../../../src/network/rank-network.js";
import { Random } from "../../../src/random.js";
import { classifier, logitsOf } from "./networks.js";
import type { Make } from "./stages.js";

const { layers } = tf;
const [ROWS, INPUTS, CLASSES] = [100, 9, 3] as const;

export const MICRO_BATCHES = 8;

const random = new Random(5);
export const SAMPLES = labelled({
  sampleShape: [INPUTS],
  classes: CLASSES,
  features: Uint8Array.from({ length: INPUTS * ROWS }, () => random.integer(256)),
  labels: Int32Array.from({ length: ROWS }, () => random.integer(CLASSES)),
});

/**
 * What a network's rank reads of a hundred samples in eight micro-batches, not all of one size.
 * @param mostHeld as `Batch` takes it
 */
export function batchFor({ reading }: RankNetwork, dataset = SAMPLES, mostHeld?: number): Batch {
  const preparation = { normalisations: [{ mean: [128], deviation: [70] }], ...reading };
  return new Batch(dataset, preparation, { groupRows: Math.ceil(ROWS / MICRO_BATCHES) }, undefined, mostHeld);
}

const dense = (units: number, settings = {}) => layers.dense({ units, activation: "tanh", ...settings });
const l2 = { kernelRegularizer: tf.regularizers.l1l2({ l1: 0.02, l2: 0.03 }) };

/** Networks of these samples, to be cut in two or three stages. */
export const NETWORKS: Readonly<Record<string, Make>> = {
  "dense layers": () => fcnn([INPUTS], CLASSES, [6, 5, 7], new Random(1)),
  "batch normalisation": () =>
    classifier(
      [INPUTS],
      dense(6),
      layers.batchNormalization(),
      dense(5),
      layers.batchNormalization(),
      dense(4),
    ),
  dropout: () =>
    classifier(
      [INPUTS],
      dense(8),
      layers.dropout({ rate: 0.3 }),
      dense(7),
      layers.dropout({ rate: 0.4 }),
      dense(6),
    ),
  "skips over a stage, of results and samples": () => {
    const input = tf.input({ shape: [INPUTS] });
    const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
      layer.apply(x) as tf.SymbolicTensor;
    const first = apply(dense(8), input);
    const second = apply(dense(8), apply(layers.batchNormalization(), apply(dense(8), first)));
    const sum = apply(layers.add(), [first, second]);
    const third = apply(dense(8), apply(dense(8), apply(layers.reLU(), sum)));
    return logitsOf(input, apply(layers.concatenate(), [apply(dense(8), third), first, sum, input]));
  },
  regularisers: () => classifier([INPUTS], dense(6, l2), dense(5), dense(4, l2)),
};
