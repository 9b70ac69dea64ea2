/**
 * Loss and gradient of 784-32-32-10 on 60,000 images, as training evaluates them (24 chunks of 2,500), beside
 * PyTorch in the same run: one round of each after the other, so that a busy machine slows both.
 *
 *   npm run build && node bench/compute/fcnn.mjs [--backend wasm] [--threads 1] [--rows 60000] [--rounds 15]
 */
import { parseArgs } from "node:util";
import { startBackend } from "../../dist/src/compute/backend.js";
import { tf } from "../../dist/src/compute/tensorflow.js";
import { createEvaluator } from "../../dist/src/network/evaluator.js";
import { fcnn } from "../../dist/src/network/models/fcnn.js";
import { startTorch } from "./torch-peer.mjs";

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm" },
    threads: { type: "string", default: "1" },
    rows: { type: "string", default: "60000" },
    blas: { type: "string", default: "auto" },
    rounds: { type: "string", default: "15" },
  },
});
const [threads, rows, rounds] = [values.threads, values.rows, values.rounds].map(Number);
const CHUNK = 2500;

const backend = await startBackend({ backend: values.backend, threads, blas: values.blas });
const model = fcnn([28, 28, 1], 10, [32, 32], { uniform: Math.random });
const evaluator = createEvaluator(model, backend);
const chunks = Array.from({ length: Math.ceil(rows / CHUNK) }, () => randomChunk(Math.min(rows, CHUNK)));
const out = new Float32Array(evaluator.layout.dimension);
const tensors = evaluator.layout.slots.map((_, i) => i);

async function evaluate() {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  for (const chunk of chunks) await evaluator.gradient(chunk, 1 / rows, tensors, out);
  const { user, system } = process.cpuUsage(cpu);
  return { wall: performance.now() - wall, cpu: (user + system) / 1000 };
}

const contestants = [{ name: `apts, ${backend.description}`, run: evaluate }];
for (const chunk of [rows, CHUNK]) {
  try {
    const torch = await startTorch("fcnn", rows, chunk, threads);
    contestants.push({
      name: `PyTorch ${torch.version}, ${threads} thread(s), batches of ${chunk}`,
      ...torch,
    });
  } catch (error) {
    console.log(error.message);
  }
}
const times = contestants.map(() => []);
for (let round = -2; round < rounds; round++) {
  for (const [i, { run }] of contestants.entries()) {
    const time = await run();
    if (round >= 0) times[i].push(time);
  }
}
for (const { stop } of contestants) stop?.();

const median = (x) => x.toSorted((a, b) => a - b)[x.length >> 1];
const flops = 2 * rows * (784 * 32 + 32 * 32 + 32 * 10) * 3 - 2 * rows * 784 * 32;
const medians = times.map((list) => ({
  wall: median(list.map((t) => t.wall)),
  cpu: median(list.map((t) => t.cpu)),
}));
for (const [i, { name }] of contestants.entries()) {
  const { wall, cpu } = medians[i];
  console.log(
    `${wall.toFixed(1).padStart(8)} ms wall ${cpu.toFixed(1).padStart(8)} ms CPU ` +
      `${(flops / wall / 1e6).toFixed(1).padStart(6)} GFLOP/s  ${name}`,
  );
}
if (medians.length > 1) {
  const best = (key) => Math.min(...medians.slice(1).map((m) => m[key]));
  const ratio = (key) => (medians[0][key] / best(key)).toFixed(2);
  console.log(`apts / PyTorch: ${ratio("wall")} by wall time, ${ratio("cpu")} by CPU time`);
}
if (backend.heap) console.log(`WebAssembly heap: ${(backend.heap.size / 2 ** 20).toFixed(0)} MB`);

function randomChunk(count) {
  const x = Float32Array.from({ length: count * 784 }, () => 2 * Math.random() - 1);
  const y = new Float32Array(count * 10);
  for (let i = 0; i < count; i++) y[10 * i + Math.floor(10 * Math.random())] = 1;
  return { x: tf.tensor(x, [count, 28, 28, 1]), y: tf.tensor2d(y, [count, 10]), rows: count };
}
