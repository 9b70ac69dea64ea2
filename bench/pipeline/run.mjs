// Loss and gradient of ResNet-18 (its stem for 32 × 32 images) in two stages on two ranks of one thread each, beside the
// whole network on one rank of two threads and of one: the same samples, in the same micro-batches. One round of each
// after the other, so that a busy machine slows all; medians.
//
//   npm run build
//   node bench/pipeline/run.mjs [--images 64] [--micro-batches 8] [--cut LAYER] [--memory MB] [--rounds 5] [--json FILE]
//
// --cut: the layer that the first stage ends with; --memory: what a rank may take. By default as a run is cut that is not told
// either: no stage takes more than 1.25/2 of one rank's memory.
//
// Prints how long two stages take as a share of what one rank takes, and of their time the share in which a rank waits
// for the other, beside (N − 1) / (M + N − 1), which it is where all stages take equally long and messages no time.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { startRendezvous } from "../../dist/src/comm/rendezvous/server.js";
import { newJob, toVariables } from "../../dist/src/rank/environment.js";

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "64" },
    "micro-batches": { type: "string", default: "8" },
    cut: { type: "string" },
    memory: { type: "string" },
    rounds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});
const microBatches = Number(values["micro-batches"]);
const rank = fileURLToPath(new URL("rank.mjs", import.meta.url));

/** Ranks that answer every line of the first one's input with what they measured. */
async function contestant(stages, threads) {
  const job = { ...newJob(), size: stages, timeoutSeconds: 600, insecure: false };
  const rendezvous = await startRendezvous(job);
  const megabytes = values.memory && Number(values.memory);
  const options = JSON.stringify({
    threads,
    images: Number(values.images),
    microBatches,
    cut: values.cut,
    megabytes,
  });
  // As `apts` starts its ranks.
  const allocator = { MALLOC_MMAP_THRESHOLD_: String(2 ** 30), MALLOC_TRIM_THRESHOLD_: String(2 ** 31) };
  const [first] = Array.from({ length: stages }, (_, own) => {
    const place = { ...job, rank: own, localRank: own, localSize: stages, rendezvous: rendezvous.endpoint };
    const env = { ...process.env, ...allocator, ...toVariables(place) };
    return spawn(process.execPath, [rank, options], { env, stdio: ["pipe", "pipe", "inherit"] });
  });
  const lines = createInterface({ input: first.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("a rank has ended");
    return JSON.parse(value);
  };
  const { what } = await answer();
  await rendezvous.close();
  return {
    what,
    took: [],
    async run() {
      first.stdin.write("run\n");
      this.took.push(await answer());
    },
    stop: () => first.stdin.end(),
  };
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const contestants = [];
for (const [stages, threads] of [
  [2, 1],
  [1, 2],
  [1, 1],
])
  contestants.push(await contestant(stages, threads));
for (const one of contestants) await one.run(); // code is compiled, memory is there
for (const one of contestants) one.took.length = 0;
for (let round = 0; round < Number(values.rounds); round++) for (const one of contestants) await one.run();
for (const one of contestants) one.stop();

const seconds = contestants.map(({ took }) => median(took.map((one) => one.seconds)));
console.log(`${values.images} images in ${microBatches} micro-batches, seconds for loss and gradient:`);
for (const [i, { what }] of contestants.entries())
  console.log(`  ${seconds[i].toFixed(2).padStart(6)}  ${what}`);
console.log(`two stages / one rank of two threads: ${(seconds[0] / seconds[1]).toFixed(2)}`);
console.log(`two stages / one rank of one thread:  ${(seconds[0] / seconds[2]).toFixed(2)} (to be ≤ 0.65)`);
const [staged] = contestants;
const waiting = [0, 1].map((own) => median(staged.took.map((one) => one.ranks[own].waited / one.seconds)));
const formula = 1 / (microBatches + 1);
console.log(
  `waiting: ${waiting.map((share, own) => `stage ${own + 1} ${(100 * share).toFixed(0)} %`).join(", ")}; ` +
    `(N − 1) / (M + N − 1) = ${(100 * formula).toFixed(0)} %`,
);
// On a busy machine, what stands in the way of none: how much processor time a rank takes.
const used = contestants.map(({ took }) =>
  took[0].ranks.map((_, own) => median(took.map((one) => one.ranks[own].used))),
);
const shares = used[0].map((one) => (one / used[2][0]).toFixed(2));
console.log(`processor time of each stage / of one rank of one thread: ${shares.join(", ")}`);
if (values.json) writeFileSync(values.json, JSON.stringify({ seconds, waiting, formula, used }, null, 1));
