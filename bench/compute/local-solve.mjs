/**
 * Time of one loss and one gradient of a local solve against the number of subdomains N, for the decompositions
 * `neurons` and `tensors`: the cost of what varies, the rest being kept (docs/algorithms.md §5). Mean over the
 * subdomains.
 *
 *   npm run build && node bench/compute/local-solve.mjs [--hidden 32,32] [--rows 60000] [--rounds 5] [--blas auto]
 */
import { parseArgs } from "node:util";
import { startBackend } from "../../dist/src/compute/backend.js";
import { tf } from "../../dist/src/compute/tensorflow.js";
import { Random } from "../../dist/src/random.js";
import { byNeurons } from "../../dist/src/decomposition/neurons.js";
import { byTensors } from "../../dist/src/decomposition/tensors.js";
import { createEvaluator } from "../../dist/src/network/evaluator.js";
import { fcnn } from "../../dist/src/network/models/fcnn.js";
import { partsOf, wholeTensors } from "../../dist/src/network/tensor-part.js";

const { values } = parseArgs({
  options: {
    hidden: { type: "string", default: "32,32" },
    rows: { type: "string", default: "60000" },
    rounds: { type: "string", default: "5" },
    blas: { type: "string", default: "auto" },
  },
});
const CHUNK = 2500;
const [rows, rounds] = [Number(values.rows), Number(values.rounds)];
const hidden = values.hidden.split(",").map(Number);

const backend = await startBackend({ backend: "wasm", threads: 1, blas: values.blas });
const random = new Random(1);
const evaluator = await createEvaluator(fcnn([28, 28, 1], 10, hidden, random), backend);
const chunks = Array.from({ length: Math.ceil(rows / CHUNK) }, () => {
  const x = Float32Array.from({ length: CHUNK * 784 }, () => random.uniform(-1, 1));
  const y = new Float32Array(CHUNK * 10);
  for (let i = 0; i < CHUNK; i++) y[10 * i + random.integer(10)] = 1;
  return { x: tf.tensor(x, [CHUNK, 28, 28, 1]), y: tf.tensor2d(y, [CHUNK, 10]), rows: CHUNK };
});
const theta = evaluator.parameters();
const out = new Float32Array(theta.length);

/** CPU milliseconds of `task`, the median of the rounds. */
async function time(task) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    await task();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[rounds >> 1];
}

const everything = wholeTensors(evaluator.layout);
for (let i = 0; i < 100; i++) await evaluator.gradient(chunks[0], 1 / rows, everything, out); // until all is compiled

console.log(`784-${hidden.join("-")}-10, ${rows} images, ${backend.description}; CPU ms`);
console.log("N        neurons: loss  gradient       tensors: loss  gradient");
for (const count of [1, 2, 3, 4, 6, 8, 16, 32]) {
  const columns = [];
  for (const decompose of [byNeurons, (slots, n) => byTensors(slots, n, [...slots.keys()])]) {
    let subdomains;
    try {
      ({ subdomains } = decompose(evaluator.layout.slots, count));
    } catch {
      columns.push("      -         -");
      continue;
    }
    let [loss, gradient] = [0, 0];
    for (const subdomain of subdomains) {
      const parts = partsOf(subdomain, evaluator.layout);
      const own = subdomain.restrict(theta);
      const moved = () => {
        own[0] += 1e-6; // a new trial
        evaluator.setParameters(subdomain.prolong(own, theta.slice()));
      };
      const evaluate = async (one) => {
        moved();
        for (const chunk of chunks) await one(chunk);
      };
      await evaluate((chunk) => evaluator.loss(chunk, 1 / rows, parts)); // what is kept is made here
      loss += await time(() => evaluate((chunk) => evaluator.loss(chunk, 1 / rows, parts)));
      gradient += await time(() => evaluate((chunk) => evaluator.gradient(chunk, 1 / rows, parts, out)));
    }
    const mean = (x) => (x / subdomains.length).toFixed(1).padStart(9);
    columns.push(`${mean(loss)} ${mean(gradient)}`);
  }
  console.log(`${String(count).padEnd(12)}${columns.join("         ")}`);
}
