import { join } from "node:path";
import { tf } from "../../../src/compute/tensorflow.js";
import { gatherRows } from "../../../src/data/batches.js";
import { isHeld, sizeOf } from "../../../src/data/dataset.js";
import { loadData } from "../../../src/data/load.js";
import { loadModel } from "../../../src/network/model-file.js";

/** The share of 200 digits held back that a model on disk predicts rightly, by TensorFlow.js. */
export async function accuracyOf(folder: string): Promise<number> {
  const { test } = await loadData({ name: "digits", seed: 0, trainCount: 600, testCount: 200 });
  const [input, target] = [test!.inputs[0]!, test!.targets[0]!];
  const numbers = Int32Array.from({ length: test!.count }, (_, i) => i);
  const values = gatherRows(input, numbers, new Float32Array(test!.count * sizeOf(input.shape)));
  const model = await loadModel(join(folder, "model.json"));
  const predicted = tf.tidy(() => {
    const out = model.predict(tf.tensor(values, [test!.count, ...input.shape])) as tf.Tensor;
    return [...tf.argMax(out, -1).dataSync()];
  });
  model.dispose();
  if (!isHeld(target.values)) throw new TypeError("Expected labels in memory.");
  const labels = target.values;
  return predicted.reduce((right, label, i) => right + (label === labels[i] ? 1 : 0), 0) / test!.count;
}
