// Every algorithm at every size, whatever a collective would choose: where the bounds in src/comm/collectives come from.
//
//   node bench/comm/algorithms.mjs [--ranks 2,4] [--sizes …] [--shared] [--only allreduce] [--seconds 0.2]
//
// Prints medians in ms, the best of each row marked.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { timeCollective } from "../../dist/src/comm/benchmark.js";
import { signatureOf } from "../../dist/src/comm/calls/signature.js";
import {
  allgatherDirect,
  allgatherDoubling,
  allgatherRing,
} from "../../dist/src/comm/collectives/allgather.js";
import {
  allreduceDirect,
  allreduceDoubling,
  allreduceRing,
} from "../../dist/src/comm/collectives/allreduce.js";
import { evenOffsets } from "../../dist/src/comm/collectives/blocks.js";
import { broadcastChain, broadcastDirect, broadcastTree } from "../../dist/src/comm/collectives/broadcast.js";
import { reduceDirect, reduceRing, reduceTree } from "../../dist/src/comm/collectives/reduce.js";
import { reduceScatterDirect, reduceScatterRing } from "../../dist/src/comm/collectives/reduce-scatter.js";
import { init } from "../../dist/src/comm/index.js";
import { foldOf } from "../../dist/src/comm/collectives/folds.js";
import { startRendezvous } from "../../dist/src/comm/rendezvous/server.js";
import { newJob, toVariables } from "../../dist/src/rank/environment.js";

const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "2,4" },
    sizes: { type: "string", default: "1024,4096,16384,65536,262144,1048576,4194304,46756048" },
    shared: { type: "boolean", default: false },
    only: { type: "string", default: "broadcast,allgather,reduceScatter,reduce,allreduce" },
    seconds: { type: "string", default: "0.2" },
  },
});
const sizes = values.sizes.split(",").map(Number);

const fold = foldOf("sum");
const offsets = (collective, data) => evenOffsets(data.length, collective.size);
const own = (collective, data) =>
  data.slice(...offsets(collective, data).slice(collective.rank, collective.rank + 2));
const algorithms = {
  broadcast: {
    tree: (collective, data) => broadcastTree(collective, data, 0),
    chain: (collective, data) => broadcastChain(collective, data, 0),
    direct: (collective, data) => broadcastDirect(collective, data, 0),
  },
  allgather: {
    ring: (collective, data) => allgatherRing(collective, offsets(collective, data), data),
    doubling: (collective, data) => allgatherDoubling(collective, offsets(collective, data), data),
    direct: (collective, data) => allgatherDirect(collective, offsets(collective, data), data),
  },
  reduceScatter: {
    ring: (collective, data) => reduceScatterRing(collective, data.slice(), fold, offsets(collective, data)),
    direct: (collective, data) =>
      reduceScatterDirect(collective, data, fold, offsets(collective, data), own(collective, data)),
  },
  reduce: {
    tree: (collective, data) => reduceTree(collective, data.slice(), fold, 0),
    ring: (collective, data) => reduceRing(collective, data.slice(), fold, 0),
    direct: (collective, data) => reduceDirect(collective, data, fold, 0),
  },
  allreduce: {
    doubling: (collective, data) => allreduceDoubling(collective, data, fold),
    ring: (collective, data) => allreduceRing(collective, data, fold),
    direct: (collective, data) => allreduceDirect(collective, data, fold),
  },
};

if (process.env.APTS_RANK === undefined) await launch();
else await measure();

async function measure() {
  const comm = await init();
  for (const operation of values.only.split(",")) {
    if (comm.rank === 0)
      console.log(`${operation}, ${comm.size} ranks${values.shared ? ", shared memory" : ""}`);
    for (const bytes of sizes) {
      const data = new Float32Array(bytes / 4).fill(0);
      const signature = signatureOf(operation, { dtype: "float32", count: data.length });
      const cells = [];
      for (const [name, algorithm] of Object.entries(algorithms[operation])) {
        const run = () => comm.collective(signature, (collective) => algorithm(collective, data));
        const durations = await timeCollective(comm, run, Number(values.seconds));
        cells.push([name, 1000 * durations[durations.length >> 1]]);
      }
      const best = Math.min(...cells.map(([, ms]) => ms));
      const text = cells.map(([name, ms]) =>
        `${name} ${ms.toFixed(3)}${ms === best ? "*" : " "}`.padStart(20),
      );
      if (comm.rank === 0) console.log(String(bytes).padStart(10), ...text);
    }
  }
  await comm.close();
}

async function launch() {
  for (const size of values.ranks.split(",").map(Number)) {
    const job = { ...newJob(), size, timeoutSeconds: 60, insecure: true };
    const rendezvous = await startRendezvous(job);
    const place = { localSize: size, rendezvous: rendezvous.endpoint, sharedMemory: values.shared };
    const ranks = Array.from({ length: size }, (_, rank) =>
      spawn(process.execPath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
        env: { ...process.env, ...toVariables({ ...job, ...place, rank, localRank: rank }) },
        stdio: "inherit",
      }),
    );
    await Promise.all(ranks.map((rank) => new Promise((resolve) => rank.on("close", resolve))));
    await rendezvous.close();
  }
}
