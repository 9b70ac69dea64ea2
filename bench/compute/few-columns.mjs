/**
 * The products of a dense layer's slice against its width: 60,000 images of 784 pixels, by blocks of 250 as they are
 * evaluated. Forward, for the weights, and both on the same block while it is in the cache; CPU ms, the least of the
 * rounds. Decides the tables in src/compute/wasm/native-product.ts and src/compute/assembly/gemm.ts.
 *
 *   npm run build && node bench/compute/few-columns.mjs [--blas auto|none|FILE] [--rounds 6]
 */
import { parseArgs } from "node:util";
import { startBackend } from "../../dist/src/compute/backend.js";

const { values } = parseArgs({
  options: { blas: { type: "string", default: "auto" }, rounds: { type: "string", default: "6" } },
});
const [ROWS, PIXELS, BLOCK, UNITS] = [60000, 784, 250, 64];

const { heap, description } = await startBackend({ backend: "wasm", threads: 1, blas: values.blas });
const matrix = (rows, columns) => {
  const at = heap.allocate(4 * rows * columns);
  const floats = heap.floats(at, rows * columns);
  for (let i = 0; i < floats.length; i++) floats[i] = ((i * 7919) % 1001) / 500 - 1;
  return at;
};
const [x, W, y, dW] = [
  matrix(ROWS, PIXELS),
  matrix(PIXELS, UNITS),
  matrix(BLOCK, UNITS),
  matrix(PIXELS, UNITS),
];

/** CPU ms for all images. */
function time(...tasks) {
  let best = Infinity;
  for (let round = 0; round < Number(values.rounds); round++) {
    const start = process.cpuUsage();
    for (let row = 0; row < ROWS; row += BLOCK) for (const task of tasks) task(row, x + 4 * row * PIXELS);
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best.toFixed(1).padStart(9);
}

console.log(description);
const read = (_, images) => heap.kernels.sumRows(images, BLOCK, PIXELS, PIXELS, false, dW);
console.log(`adding up the images${time(read)} ms`);
console.log("columns  forward  weights     both");
for (const n of [1, 2, 3, 4, 6, 8, 11, 12, 16, 24, 32, 48, 64]) {
  const at = (address) => ({ at: address, stride: UNITS });
  const forward = (_, images) =>
    heap.multiply({ m: BLOCK, n, k: PIXELS }, { at: images, stride: PIXELS }, at(W), at(y), false);
  const weights = (row, images) => {
    const xT = { at: images, stride: PIXELS, transposed: true };
    heap.multiply({ m: PIXELS, n, k: BLOCK }, xT, at(y), at(dW), row > 0);
  };
  console.log(String(n).padStart(7) + time(forward) + time(weights) + time(forward, weights));
}
