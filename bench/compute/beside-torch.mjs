/**
 * Loss and gradient of a network, as training evaluates it, beside PyTorch in the same run: one round of each after
 * the other, so that a busy machine slows both. PyTorch takes the whole batch and the same chunks; the better counts.
 *
 *   npm run build
 *   node bench/compute/beside-torch.mjs                                  784-32-32-10, 60,000 images in chunks of 2,500
 *   node bench/compute/beside-torch.mjs --model resnet18 --batch 64
 *   node bench/compute/beside-torch.mjs --backend webgpu|node-gpu        on a GPU, PyTorch's by CUDA where it has that
 *   ... [--backend wasm] [--blas auto|none|FILE] [--threads 1] [--rounds 15] [--profile] [--json]
 */
import { parseArgs } from "node:util";
import { startProfile } from "../../dist/src/compute/profile.js";
import { ComputeBenchmarkRun } from "../../dist/src/network/benchmark.js";
import { startTorch } from "./torch-peer.mjs";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "fcnn" },
    batch: { type: "string" },
    chunk: { type: "string", default: "2500" },
    backend: { type: "string", default: "wasm" },
    blas: { type: "string", default: "auto" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "15" },
    profile: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const { model, backend, blas } = values;
const threads = Number(values.threads);
const batch = Number(values.batch ?? (model === "fcnn" ? 60000 : 64));
const chunk = Math.min(batch, Number(values.chunk));

const onGpu = backend === "webgpu" || backend === "node-gpu";

/** Floating point operations of the products of one evaluation: the WebAssembly heap counts them. */
async function countFlops() {
  const sample = { model, batch: 2, chunk: 2, backend: "wasm", blas: "none", threads: 1 };
  const counted = await ComputeBenchmarkRun.prepare(sample);
  const flops = await counted.gradientFlops();
  counted.dispose();
  return (flops * batch) / 2;
}
const flops = await countFlops();

// Before the benchmark binds this process to its cores: what it starts inherits that.
const peers = [];
for (const size of new Set([batch, chunk])) {
  try {
    const torch = await startTorch(model, batch, size, threads, onGpu ? "gpu" : "cpu");
    const where = torch.device ?? `${threads} threads`;
    peers.push({ name: `PyTorch ${torch.version}, ${where}, batches of ${size}`, ...torch });
  } catch (error) {
    console.error(error.message);
  }
}

const options = { model, batch, chunk, backend, blas, threads };
const benchmark = await ComputeBenchmarkRun.prepare(options).catch((error) => {
  console.error(error.message); // says what is missing
  process.exit(2);
});

async function evaluate() {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  await benchmark.gradient();
  const { user, system } = process.cpuUsage(cpu);
  return { wall: performance.now() - wall, cpu: (user + system) / 1000 };
}

const contestants = [{ name: `apts, ${benchmark.backend.description}`, run: evaluate }, ...peers];
const times = contestants.map(() => []);
for (let round = -2; round < Number(values.rounds); round++) {
  for (const [i, { run }] of contestants.entries()) {
    const time = await run();
    if (round >= 0) times[i].push(time);
  }
}
for (const { stop } of peers) stop();
if (onGpu && peers.every(({ device }) => device === null)) {
  console.error("PyTorch finds no CUDA device here: the ratio is to its time on the CPU.");
}

const median = (x) => x.toSorted((a, b) => a - b)[x.length >> 1];
const medians = times.map((list, i) => ({
  name: contestants[i].name,
  wall: median(list.map(({ wall }) => wall)),
  cpu: median(list.map(({ cpu }) => cpu)),
  best: Math.min(...list.map(({ wall }) => wall)),
  teraflops: flops / median(list.map(({ wall }) => wall)) / 1e9,
}));
const [own, ...others] = medians;
const ratio = (key) => (others.length > 0 ? own[key] / Math.min(...others.map((m) => m[key])) : undefined);
const result = {
  model,
  batch,
  chunk,
  threads,
  results: medians,
  ratio: { wall: ratio("wall"), cpu: ratio("cpu"), best: ratio("best") },
  heapMegabytes: benchmark.backend.heap && benchmark.backend.heap.size / 2 ** 20,
};
if (values.json) console.log(JSON.stringify(result));
else {
  const column = (x) => x.toFixed(1).padStart(9);
  console.log("     wall      CPU     best   ms (medians of wall and CPU time, best wall time), TFLOP/s");
  for (const { name, wall, cpu, best, teraflops } of medians)
    console.log(
      `${column(wall)}${column(cpu)}${column(best)} ${teraflops.toPrecision(3).padStart(10)}   ${name}`,
    );
  if (others.length > 0) {
    const shown = Object.entries(result.ratio).map(([key, value]) => `${value.toFixed(2)} (${key})`);
    console.log(`apts / PyTorch: ${shown.join(", ")}`);
  }
  if (result.heapMegabytes) console.log(`WebAssembly heap: ${result.heapMegabytes.toFixed(0)} MB`);
}
if (values.profile) {
  const end = startProfile(benchmark.backend);
  await benchmark.gradient();
  for (const { kernel, calls, milliseconds } of end().slice(0, 25)) {
    console.log(`${milliseconds.toFixed(2).padStart(9)} ms ${String(calls).padStart(6)} × ${kernel}`);
  }
}
benchmark.backend.stop();
