/**
 * TensorFlow.js' side of bench/models/run.mjs: `model.fit` with Adam. For every line on standard input one epoch, or as
 * many steps of one as `seconds` allow; answers with the seconds of an epoch.
 *
 *   node bench/models/tfjs.mjs MODEL wasm|cpu SECONDS
 */
import { createInterface } from "node:readline";
import { MODELS, samplesOf } from "./models.mjs";
import { differentiateTwice } from "../../dist/src/network/tape/higher-order.js";
import { objective } from "../../examples/poisson-problem.mjs";
import { gptBy } from "./gpt.mjs";

const [name, backend, limit] = process.argv.slice(2);
const { default: tf } = await import("@tensorflow/tfjs");
if (backend === "wasm") {
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  const { createRequire } = await import("node:module");
  const require = createRequire(import.meta.url);
  wasm.setWasmPaths(
    require.resolve("@tensorflow/tfjs-backend-wasm/package.json").replace("package.json", "dist/"),
  );
}
const spec = MODELS[name];
try {
  await tf.setBackend(backend);
  const model = await spec.create(tf, gptBy);
  if (spec.objective) differentiateTwice();
  // Logits behind no softmax: gpt's, whose targets have a row for each position.
  const loss = name === "gpt" ? sparseFromLogits : spec.loss;
  const optimizer = tf.train.adam();
  model.compile({ optimizer, loss: loss ?? "meanSquaredError" });
  const { x, y } = samplesOf(spec);
  const inputs = spec.inputs.map((shape, i) => tf.tensor(x[i], [spec.count, ...shape]));
  const targets = tf.tensor(y, [spec.count, ...(spec.targets.shape.length > 0 ? spec.targets.shape : [1])]);
  const steps = Math.ceil(spec.count / spec.batch);
  console.log(JSON.stringify({ ready: true }));
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  while (!(await lines.next()).done) {
    let done = 0;
    const start = performance.now();
    if (spec.objective) {
      done = 1;
      const value = optimizer.minimize(() => tf.mean(objective({ tf, model, inputs })), true);
      await value.data();
      value.dispose();
    } else
      await model.fit(inputs.length === 1 ? inputs[0] : inputs, targets, {
        epochs: 1,
        batchSize: spec.batch,
        verbose: 0,
        yieldEvery: "never",
        callbacks: {
          onBatchEnd: async () => {
            done++;
            if (performance.now() - start > limit * 1000) model.stopTraining = true;
          },
        },
      });
    const seconds = (performance.now() - start) / 1000;
    console.log(JSON.stringify({ seconds: (seconds * steps) / done }));
  }
} catch (error) {
  console.log(JSON.stringify({ error: error.message.split("\n")[0] }));
  process.stdin.destroy();
}

function sparseFromLogits(y, z) {
  const labels = tf.oneHot(tf.cast(y, "int32"), z.shape.at(-1));
  return tf.neg(tf.sum(tf.mul(labels, tf.logSoftmax(z)), -1));
}
