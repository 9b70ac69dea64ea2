// C = A·B with the rows of A and C spread over the ranks: B is broadcast, C is gathered and checked on rank 0.
//
//   npx apts-launch -n 3 -- node examples/matrix-product.mjs
import { init } from "apts";

const comm = await init();
const n = 120;
const counts = Array.from({ length: comm.size }, (_, r) => share(r + 1) - share(r));
const first = share(comm.rank);
const rows = counts[comm.rank];

const entry = { a: (i, j) => ((i * 7 + j * 3) % 11) - 5, b: (i, j) => ((i * 5 + j * 2) % 7) - 3 };
const a = Float64Array.from({ length: rows * n }, (_, k) => entry.a(first + Math.floor(k / n), k % n)); // (rows, n)
const b = new Float64Array(n * n);
if (comm.rank === 0) b.set(b.map((_, k) => entry.b(Math.floor(k / n), k % n)));
await comm.broadcast(b);

const mine = new Float64Array(rows * n); // (rows, n) · (n, n) → (rows, n)
for (let i = 0; i < rows; i++) {
  for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) mine[i * n + j] += a[i * n + k] * b[k * n + j];
}
const elements = counts.map((count) => count * n);
const c = comm.rank === 0 ? new Float64Array(n * n) : undefined;
await comm.gatherv(mine, elements, c);

if (comm.rank === 0) {
  let wrong = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let expected = 0;
      for (let k = 0; k < n; k++) expected += entry.a(i, k) * entry.b(k, j);
      if (c[i * n + j] !== expected) wrong++;
    }
  }
  console.log(`${n}×${n} product on ${comm.size} ranks: ${wrong} of ${n * n} entries wrong`);
  if (wrong > 0) process.exitCode = 1;
}
await comm.close();

/** First row of rank r: the rows are cut as evenly as they can be. */
function share(r) {
  return Math.floor((n * r) / comm.size);
}
