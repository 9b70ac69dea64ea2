/**
 * Loss and gradient of a network of sequences, as training evaluates it, beside the same network in PyTorch: one round of
 * each after the other, so that a busy machine slows both; medians.
 *
 *   npm run build
 *   node bench/compute/sequences-beside-torch.mjs                     gpt of 4 layers, 4 heads, width 128; 32 blocks of 64 of 65 tokens
 *   node bench/compute/sequences-beside-torch.mjs --network lstm|gru|rnn       one layer of so many units, and a dense one
 *   ... [--layers 4] [--heads 4] [--width 128] [--block 64] [--vocabulary 65] [--batch 32]
 *   ... [--blas auto|none|FILE] [--threads 1] [--rounds 15] [--profile] [--json]
 */
import { parseArgs } from "node:util";
import { startBackend } from "../../dist/src/compute/backend.js";
import { startProfile } from "../../dist/src/compute/profile.js";
import { tf } from "../../dist/src/compute/tensorflow.js";
import { createEvaluator } from "../../dist/src/network/evaluator.js";
import { goalFor } from "../../dist/src/network/build.js";
import { gpt } from "../../dist/src/network/models/gpt.js";
import { wholeTensors } from "../../dist/src/network/tensor-part.js";
import { Random } from "../../dist/src/random.js";
import { startTorch } from "./torch-peer.mjs";

const { values } = parseArgs({
  options: {
    network: { type: "string", default: "gpt" },
    layers: { type: "string", default: "4" },
    heads: { type: "string", default: "4" },
    width: { type: "string", default: "128" },
    block: { type: "string", default: "64" },
    vocabulary: { type: "string", default: "65" },
    batch: { type: "string", default: "32" },
    blas: { type: "string", default: "auto" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "15" },
    profile: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const [layers, heads, width, block, vocabulary, batch, threads, rounds] = [
  values.layers,
  values.heads,
  values.width,
  values.block,
  values.vocabulary,
  values.batch,
  values.threads,
  values.rounds,
].map(Number);

const isGpt = values.network === "gpt";
const network = `${values.network}:${isGpt ? [layers, heads, width, block, vocabulary] : [width, block, vocabulary]}`;
// Before the backend binds this process to its cores: what it starts inherits that.
const torch = await startTorch(network, batch, batch, threads, "cpu").catch((error) => {
  console.error(error.message);
});

const backend = await startBackend({ backend: "wasm", threads, blas: values.blas });
const random = new Random(1);
/** Tokens to the next one, after a block of them; PyTorch knows no hard sigmoid in its cells. */
function recurrent() {
  const layer = { lstm: tf.layers.lstm, gru: tf.layers.gru, rnn: tf.layers.simpleRNN }[values.network];
  const recurrentInitializer = "glorotNormal"; // an orthogonal one takes its time
  return tf.sequential({
    layers: [
      tf.layers.embedding({ inputDim: vocabulary, outputDim: width, inputLength: block }),
      layer({ units: width, recurrentActivation: "sigmoid", recurrentInitializer }),
      tf.layers.dense({ units: vocabulary }),
    ],
  });
}
const model = isGpt ? gpt(block, vocabulary, { layers, heads, width }, random) : recurrent();
const inputs = [{ shape: [block] }];
const targetShape = isGpt ? [block] : [];
const targets = [{ shape: targetShape, classes: vocabulary }];
const goal = goalFor(model, { name: "random tokens", inputs, targets }, [], { name: network, builtIn: true });
const evaluator = await createEvaluator(model, goal, backend);
const tokens = (shape) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.integer(vocabulary)),
    shape,
  );
const chunk = {
  rows: batch,
  samples: Int32Array.from({ length: batch }, (_, i) => i),
  inputs: [tokens([batch, block])],
  targets: [{ values: tokens([batch, ...targetShape]), weights: undefined }],
};
const parts = wholeTensors(evaluator.layout);
const out = new Float32Array(evaluator.layout.dimension);

async function evaluate() {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  await evaluator.gradient(chunk, 1 / batch, parts, out);
  const { user, system } = process.cpuUsage(cpu);
  return { wall: performance.now() - wall, cpu: (user + system) / 1000 };
}

const before = backend.heap.productFlops;
await evaluate();
const flops = backend.heap.productFlops - before;

const contestants = [{ name: `apts, ${backend.description}`, run: evaluate }];
if (torch) contestants.push({ name: `PyTorch ${torch.version}, ${threads} threads`, ...torch });
const times = contestants.map(() => []);
for (let round = -2; round < rounds; round++) {
  for (const [i, { run }] of contestants.entries()) {
    const time = await run();
    if (round >= 0) times[i].push(time);
  }
}
torch?.stop();

const median = (x) => x.toSorted((a, b) => a - b)[x.length >> 1];
const medians = times.map((list, i) => ({
  name: contestants[i].name,
  wall: median(list.map(({ wall }) => wall)),
  cpu: median(list.map(({ cpu }) => cpu)),
  best: Math.min(...list.map(({ wall }) => wall)),
}));
const [own, peer] = medians;
const ratio = peer && own.wall / peer.wall;
if (values.json) console.log(JSON.stringify({ network, batch, threads, results: medians, ratio }));
else {
  console.log(
    `${network}, ${evaluator.layout.dimension} parameters, ${batch} samples, ${evaluator.blockRows} at once; ${(flops / 1e9).toFixed(2)} GFLOP in products`,
  );
  for (const { name, wall, cpu, best } of medians) {
    const column = (x) => x.toFixed(1).padStart(9);
    console.log(`${column(wall)}${column(cpu)}${column(best)}   ${name}`);
  }
  if (ratio) console.log(`apts / PyTorch: ${ratio.toFixed(2)}`);
}
if (values.profile) {
  const end = startProfile(backend);
  await evaluate();
  for (const { kernel, calls, milliseconds } of end().slice(0, 25)) {
    console.log(`${milliseconds.toFixed(2).padStart(9)} ms ${String(calls).padStart(6)} × ${kernel}`);
  }
}
backend.stop();
