/**
 * Seconds of training to a test accuracy on MNIST, 784-32-32-10, batches of 128, one thread: `sapts` as it is, and PyTorch's
 * Adam with the best of five rates. A seed of one after a seed of the other, so that a busy machine slows both; medians.
 *
 *   npm run build
 *   APTS_DATA_DIR=… node bench/methods/beside-torch.mjs [--seeds 3] [--epochs 6] [--targets 0.94,0.96] [-- OPTION …]
 *
 * What follows `--` are options of `apts train`.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const RATES = [0.0003, 0.001, 0.002, 0.005, 0.01];
const BATCH = 128;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "3" },
    epochs: { type: "string", default: "6" },
    targets: { type: "string", default: "0.94,0.96" },
  },
});
const [seeds, epochs] = [Number(values.seeds), Number(values.epochs)];
const targets = values.targets.split(",").map(Number);
const data = join(process.env.APTS_DATA_DIR ?? ".", "mnist");
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const run = (command, args) =>
  execFileSync(command, args.map(String), {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_CORETYPE: "SKYLAKEX" },
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 1e8,
  });

/** [seconds, accuracy] ten times an epoch. */
function ours(seed) {
  const folder = mkdtempSync(join(tmpdir(), "beside-torch-"));
  try {
    const cut = ["--batch-size", BATCH, "--batches-per-epoch", 47, "--epochs", 10 * epochs];
    const alone = ["--ranks", 1, "--threads", 1, "--seed", seed, "--out", join(folder, "run")];
    const command = here("../../dist/src/cli/main.js");
    run("node", [command, "train", "--data", "mnist", ...cut, ...alone, ...positionals]);
    const lines = readFileSync(join(folder, "run", "metrics.jsonl"), "utf8")
      .trim()
      .split("\n");
    return lines.map(JSON.parse).map(({ seconds, testAccuracy }) => [seconds, testAccuracy]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const python = process.env.PYTHON ?? "python3";
const torch = (rate, seed) =>
  JSON.parse(run(python, [here("torch_adam.py"), data, rate, BATCH, seed, epochs]));

const runs = new Map();
const add = (name, measured) => runs.set(name, [...(runs.get(name) ?? []), measured]);
for (let seed = 0; seed < seeds; seed++) {
  add("sapts", ours(seed));
  for (const rate of RATES) add(`Adam ${rate}`, torch(rate, seed));
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const timeTo = (target) => (measured) => measured.find(([, accuracy]) => accuracy >= target)?.[0] ?? Infinity;
const show = (seconds) => (Number.isFinite(seconds) ? `${seconds.toFixed(2)} s` : "not reached");
for (const target of targets) {
  const times = [...runs].map(([name, all]) => [name, median(all.map(timeTo(target)))]);
  const [[, own], ...peers] = times;
  const best = peers.reduce((a, b) => (b[1] < a[1] ? b : a));
  console.log(
    `${100 * target} %: sapts ${show(own)}, PyTorch's ${best[0]} ${show(best[1])}, ratio ${(own / best[1]).toFixed(2)}`,
  );
  for (const [name, seconds] of times) console.log(`    ${name.padEnd(12)} ${show(seconds)}`);
}
for (const [name, all] of runs)
  console.log(
    `${name.padEnd(12)} ends at ${(100 * median(all.map((m) => m.at(-1)[1]))).toFixed(2)} %, after ${show(median(all.map((m) => m.at(-1)[0])))}`,
  );
