// One rank of a benchmark of apts itself; bench/comm/run.mjs starts it with the environment of a rank.
// Prints what was measured as one line of JSON on rank 0.
import { benchmarkCommunication } from "../../dist/src/comm/benchmark.js";
import { init } from "../../dist/src/comm/index.js";

const options = JSON.parse(process.argv[2] ?? "{}");
const comm = await init();
const timings = await benchmarkCommunication(comm, options);
if (comm.rank === 0) process.stdout.write(JSON.stringify(timings) + "\n");
await comm.close();
