// Computes π on several ranks: the ranks sum slices of ∫ 4/(1+x²) dx over [0, 1].
//
//   npx apts-launch -n 4 -- node examples/pi.mjs
import { init } from "apts";

const comm = await init();
const intervals = 1_000_000;
const sum = new Float64Array(1);
for (let i = comm.rank; i < intervals; i += comm.size) {
  const x = (i + 0.5) / intervals;
  sum[0] += 4 / (1 + x * x) / intervals;
}
await comm.allreduce(sum, "sum");
if (comm.rank === 0) console.log(`π ≈ ${sum[0].toFixed(12)} on ${comm.size} ranks`);
await comm.close();
