// The message passing of apts beside Gloo and Open MPI, interleaved in one run, and the machine's own limits.
//
//   node bench/comm/run.mjs [--ranks 2,4] [--sizes 1024,…] [--operations broadcast,allgather,allreduce]
//                           [--rounds 3] [--seconds 0.3] [--json FILE] [--only apts,gloo,…]
//
// Needs `make build`. Gloo comes with Debian's python3-torch, Open MPI with openmpi-bin and python3-mpi4py; one that is
// not installed is named and left out. Figures are medians over rounds of medians over repetitions; a repetition counts
// its slowest rank. Ratios are apts over the peer: below 1 apts is faster.
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { startRendezvous } from "../../dist/src/comm/rendezvous/server.js";
import { newJob, toVariables } from "../../dist/src/rank/environment.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const PYTHON = "/usr/bin/python3"; // Debian's, where the peers live

const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "2,4" },
    sizes: { type: "string", default: "1024,16384,108544,1048576,4194304,46756048" },
    operations: { type: "string", default: "broadcast,allgather,allreduce" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "0.3" },
    json: { type: "string" },
    only: { type: "string" },
  },
});
const numbers = (text) => text.split(",").map(Number);
const operations = values.operations.split(",");
const options = { operations, sizes: numbers(values.sizes), seconds: Number(values.seconds) };

/** Runs processes to their end; resolves to what the first wrote. */
async function outputOf(processes) {
  const outputs = processes.map(
    ({ command, args, env }) =>
      new Promise((resolve, reject) => {
        const child = spawn(command, args, {
          env: { ...process.env, ...env },
          stdio: ["ignore", "pipe", "inherit"],
        });
        let text = "";
        child.stdout.on("data", (data) => (text += data));
        child.on("error", reject);
        child.on("close", (code) =>
          code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}`)),
        );
      }),
  );
  const [first] = await Promise.all(outputs);
  return JSON.parse(first.trim().split("\n").at(-1));
}

function apts(settings) {
  return async (size) => {
    const job = {
      ...newJob(),
      size,
      timeoutSeconds: 60,
      insecure: settings.insecure,
    };
    const rendezvous = await startRendezvous(job);
    const environment = (rank) =>
      toVariables({
        ...job,
        ...settings,
        rank,
        localRank: rank,
        localSize: size,
        rendezvous: rendezvous.endpoint,
      });
    // As `apts` starts its ranks.
    const allocator = { MALLOC_MMAP_THRESHOLD_: String(2 ** 30), MALLOC_TRIM_THRESHOLD_: String(2 ** 31) };
    const args = [here("rank.mjs"), JSON.stringify(options)];
    const ranks = Array.from({ length: size }, (_, rank) => ({
      command: process.execPath,
      args,
      env: { ...allocator, ...environment(rank) },
    }));
    try {
      return await outputOf(ranks);
    } finally {
      await rendezvous.close();
    }
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

async function gloo(size) {
  const port = await freePort();
  const ranks = Array.from({ length: size }, (_, rank) => ({
    command: PYTHON,
    args: [here("gloo.py"), String(rank), String(size), port, JSON.stringify(options)],
  }));
  return outputOf(ranks);
}

async function openMpi(size) {
  const run = ["--allow-run-as-root", "--oversubscribe", "-n", String(size)];
  return outputOf([{ command: "mpirun", args: [...run, PYTHON, here("mpi.py"), JSON.stringify(options)] }]);
}

const floors = () => outputOf([{ command: PYTHON, args: [here("floors.py"), JSON.stringify(options)] }]);

const CONTESTANTS = {
  apts: { run: apts({ insecure: false }) },
  "apts zeromq": { run: apts({ insecure: true, sharedMemory: false }) },
  "apts zeromq curve": { run: apts({ insecure: false, sharedMemory: false }) },
  gloo: { run: gloo, needs: [PYTHON, ["-c", "import torch.distributed"]], of: "python3-torch" },
  "open mpi": { run: openMpi, needs: ["mpirun", ["--version"]], of: "openmpi-bin and python3-mpi4py" },
  floors: { run: floors, needs: [PYTHON, ["--version"]], of: "python3", once: true },
};

const chosen = Object.entries(CONTESTANTS).filter(([name, { needs, of }]) => {
  if (values.only && !values.only.split(",").includes(name)) return false;
  const missing = needs && spawnSync(needs[0], needs[1]).status !== 0;
  if (missing) console.log(`${name}: not installed (Debian: ${of}), left out`);
  return !missing;
});

const key = ({ operation, ranks, bytes }) => `${operation} ${ranks} ${bytes}`;
const samples = new Map(); // key → contestant → medians, one per round
for (let round = 0; round < Number(values.rounds); round++) {
  for (const ranks of numbers(values.ranks)) {
    for (const [name, { run, once }] of chosen) {
      if (once && ranks !== numbers(values.ranks)[0]) continue;
      for (const timing of await run(ranks)) {
        const row = samples.get(key(timing)) ?? { ...timing, seconds: {} };
        (row.seconds[name] ??= []).push(timing.medianSeconds);
        samples.set(key(timing), row);
      }
    }
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const rows = [...samples.values()].map(({ operation, ranks, bytes, seconds }) => ({
  operation,
  ranks,
  bytes,
  medianSeconds: Object.fromEntries(Object.entries(seconds).map(([name, list]) => [name, median(list)])),
}));

const milliseconds = (seconds) =>
  seconds === undefined ? "" : (seconds * 1000).toFixed(seconds < 1e-3 ? 3 : 2);
const names = chosen.map(([name]) => name).filter((name) => name !== "floors");
const ratio = (row, own, peer) => {
  const [a, b] = [row.medianSeconds[own], row.medianSeconds[peer]];
  return a && b ? (a / b).toFixed(2) : "";
};
const print = (cells) =>
  console.log(
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(11) : String(cell).padStart(18))).join(""),
  );
print(["operation", "ranks", "bytes", ...names.map((name) => `${name} ms`), "zeromq/gloo", "apts/open mpi"]);
for (const row of rows) {
  const { operation, ranks, bytes, medianSeconds } = row;
  if (medianSeconds.floors !== undefined) print([operation, "", bytes, milliseconds(medianSeconds.floors)]);
  else
    print([
      operation,
      ranks,
      bytes,
      ...names.map((name) => milliseconds(medianSeconds[name])),
      ratio(row, "apts zeromq", "gloo"),
      ratio(row, "apts", "open mpi"),
    ]);
}
if (values.json) {
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  writeFileSync(
    values.json,
    JSON.stringify({ machine, options, rounds: Number(values.rounds), rows }, null, 2) + "\n",
  );
}
