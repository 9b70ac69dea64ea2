/**
 * A whole mini-batch step of Adam (the batch, its gradient, the update) on 784-32-32-10, beside PyTorch's in the same run:
 * some steps of each after the other, so that a busy machine slows both. Medians and minima of the rounds, and their quotient.
 *
 *   npm run build
 *   node bench/compute/step-beside-torch.mjs [--batch 32,128,1024] [--rounds 40] [--steps 20] [--blas auto|none|FILE] [--json]
 */
import { parseArgs } from "node:util";
import { init } from "../../dist/src/comm/index.js";
import { StepBenchmarkRun } from "../../dist/src/run/step-benchmark.js";
import { startTorch } from "./torch-peer.mjs";

const { values } = parseArgs({
  options: {
    batch: { type: "string", default: "32,128,1024" },
    rounds: { type: "string", default: "40" },
    steps: { type: "string", default: "20" },
    blas: { type: "string", default: "auto" },
    json: { type: "boolean", default: false },
  },
});
const [rounds, steps] = [Number(values.rounds), Number(values.steps)];
/** Rounds of each before any counts. */
const WARM = 30;

const comm = await init();
const results = [];
for (const batch of values.batch.split(",").map(Number)) {
  // Before this process is bound to its cores: what it starts inherits that.
  const torch = await startTorch("fcnn", batch, steps, 1, "steps");
  const options = { method: "adam", batch, backend: "wasm", blas: values.blas, threads: 1 };
  const run = await StepBenchmarkRun.prepare(options, comm);
  const ownRound = async () => {
    const [wall, cpu] = [performance.now(), process.cpuUsage()];
    for (let step = 0; step < steps; step++) await run.step();
    const { user, system } = process.cpuUsage(cpu);
    return { wall: (performance.now() - wall) / steps, cpu: (user + system) / 1000 / steps };
  };
  const [own, theirs] = [[], []];
  for (let round = -WARM; round < rounds; round++) {
    const both = [await ownRound(), await torch.run()];
    if (round < 0) continue;
    own.push(both[0]);
    theirs.push(both[1]);
  }
  torch.stop();
  const of = (list, key, share) => {
    const sorted = list.map((time) => 1000 * time[key]).toSorted((a, b) => a - b);
    return sorted[Math.floor(share * (sorted.length - 1))];
  };
  const figures = (list) => ({
    wall: of(list, "wall", 0.5),
    cpu: of(list, "cpu", 0.5),
    best: of(list, "wall", 0),
  });
  const [apts, pytorch] = [figures(own), figures(theirs)];
  const ratio = Object.fromEntries(Object.keys(apts).map((key) => [key, apts[key] / pytorch[key]]));
  results.push({ batch, apts, pytorch, ratio });
  if (!values.json) {
    const shown = (x) =>
      Object.values(x)
        .map((time) => time.toFixed(0).padStart(7))
        .join("");
    if (results.length === 1) {
      console.log(`${run.setup.backend.description}; PyTorch ${torch.version}`);
      console.log(
        "batch     apts: wall, CPU, best     PyTorch: wall, CPU, best   µs a step     apts / PyTorch",
      );
    }
    const ratios = Object.values(ratio)
      .map((x) => x.toFixed(2))
      .join(", ");
    console.log(
      `${String(batch).padStart(5)}${shown(apts)}    ${shown(pytorch)}                      ${ratios}`,
    );
  }
}
if (values.json) console.log(JSON.stringify(results));
await comm.close();
process.exit(0);
