/**
 * A second-order step against the memory's bandwidth: one pair added to a full L-SR1 memory and one subproblem solved
 * (6k + 5 vectors of n float32 moved), beside a memcpy and a plain dot product of the same length in the same round,
 * so that a busy machine slows all three. The floor is the bytes moved at the bandwidth of either.
 *
 *   npm run build && node bench/trust-region/l-sr1.mjs [--n 11700000] [--k 5] [--rounds 11]
 */
import { parseArgs } from "node:util";
import { dot } from "../../dist/src/linalg/reductions.js";
import { wholeSpace } from "../../dist/src/linalg/space.js";
import { obs } from "../../dist/src/trust-region/l-sr1/obs.js";
import { noPairs, withPair } from "../../dist/src/trust-region/l-sr1/pairs.js";

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "11700000" },
    k: { type: "string", default: "5" },
    rounds: { type: "string", default: "11" },
  },
});
const [n, k, rounds] = [values.n, values.k, values.rounds].map(Number);

const noise = () => Float32Array.from({ length: n }, () => Math.random() - 0.5);
const pairs = Array.from({ length: k + 1 }, () => ({ s: noise(), y: noise() }));
const g = noise();
const copy = new Float32Array(n);
const space = wholeSpace(n);
let memory = noPairs;
for (const pair of pairs.slice(0, k)) memory = await withPair(memory, space, k, pair);
let next = k;

/** Each with the vectors of n float32 it reads or writes. */
const contestants = [
  { name: "memcpy", vectors: 2, run: () => copy.set(g) },
  { name: "dot", vectors: 2, run: () => dot(copy, g) },
  {
    name: "update",
    vectors: 2 * k + 2,
    async run() {
      const before = memory;
      memory = await withPair(memory, space, k, pairs[next++ % (k + 1)]);
      if (memory === before) throw new Error("The pair was skipped.");
    },
  },
  { name: "OBS", vectors: 4 * k + 3, run: () => obs(memory, space, g, 0.1) },
];

const times = contestants.map(() => ({ wall: [], cpu: [] }));
for (let round = -3; round < rounds; round++) {
  for (const [i, { run }] of contestants.entries()) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await run();
    const { user, system } = process.cpuUsage(before);
    if (round < 0) continue;
    times[i].wall.push(performance.now() - start);
    times[i].cpu.push((user + system) / 1000);
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
console.log(`n = ${n}, k = ${k}, medians of ${rounds} interleaved rounds`);
for (const clock of ["wall", "cpu"]) {
  const ms = times.map((time) => median(time[clock]));
  const rate = contestants.map(({ vectors }, i) => (vectors * n * 4) / 1e6 / ms[i]); // GB/s
  contestants.forEach(({ name, vectors }, i) => {
    console.log(
      `${clock}  ${name.padEnd(8)} ${ms[i].toFixed(1).padStart(7)} ms  ${vectors} vectors  ${rate[i].toFixed(1)} GB/s`,
    );
  });
  const step = ms[2] + ms[3];
  const bytes = (contestants[2].vectors + contestants[3].vectors) * n * 4;
  const ratios = [0, 1].map((i) => `${(step / (bytes / 1e6 / rate[i])).toFixed(2)} × ${contestants[i].name}`);
  console.log(`${clock}  a step   ${step.toFixed(1).padStart(7)} ms  = ${ratios.join(", ")} bandwidth`);
}
