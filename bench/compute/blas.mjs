/**
 * GFLOP/s of every BLAS found, and of the own kernel, on the products that training makes: decides the order in
 * src/compute/blas/libraries.ts. CPU time of this process, so that a busy machine disturbs less.
 *
 *   npm run build && node bench/compute/blas.mjs [threads] [library files ...]
 */
import { startBackend } from "../../dist/src/compute/backend.js";

const [threads = "1", ...files] = process.argv.slice(2);
const libraries =
  files.length > 0 ? files : ["libdnnl.so.2", "libopenblas.so.0", "libblis.so.4", "libmkl_rt.so.2"];

/** name, (m, n, k), transposed operands */
const shapes = [
  ["dense forward, 256 rows", 256, 32, 784, ""],
  ["dense forward, 2500 rows", 2500, 32, 784, ""],
  ["dense weights, 256 rows", 784, 32, 256, "A"],
  ["dense weights, 2500 rows", 784, 32, 2500, "A"],
  ["small dense forward", 256, 32, 32, ""],
  ["small dense input", 256, 32, 32, "B"],
  ["small dense weights", 32, 32, 256, "A"],
  ["convolution forward", 1024, 128, 1152, ""],
  ["convolution input", 1024, 1152, 128, "B"],
  ["convolution weights", 1152, 128, 1024, "A"],
  ["late convolution forward", 256, 512, 4608, ""],
  ["late convolution weights", 4608, 512, 256, "A"],
];

const rows = [];
for (const blas of ["none", ...libraries]) {
  const backend = await startBackend({ backend: "wasm", threads: Number(threads), blas });
  if (blas !== "none" && backend.blas.name === undefined) {
    console.log(backend.blas.rejected.map(({ library, reason }) => `${library}: ${reason}`).join("\n"));
    continue;
  }
  const { heap } = backend;
  const at = heap.allocate(3 * 4 * 2 ** 22);
  const operand = (i) => at + i * 4 * 2 ** 22;
  heap.floats(at, 3 * 2 ** 22).fill(1);
  const row = { library: backend.blas.name ?? "own kernel" };
  for (const [name, m, n, k, transposed] of shapes) {
    const a =
      transposed === "A" ? { at: operand(0), stride: m, transposed: true } : { at: operand(0), stride: k };
    const b =
      transposed === "B" ? { at: operand(1), stride: k, transposed: true } : { at: operand(1), stride: n };
    const c = { at: operand(2), stride: n };
    const flops = 2 * m * n * k;
    const repeat = Math.max(1, Math.round(2e8 / flops));
    const times = [];
    for (let i = 0; i < 8; i++) {
      const start = process.cpuUsage();
      for (let r = 0; r < repeat; r++) heap.multiply({ m, n, k }, a, b, c, false);
      const { user, system } = process.cpuUsage(start);
      times.push((user + system) / repeat);
    }
    row[name] = flops / Math.min(...times) / 1e3;
  }
  heap.free(at);
  rows.push(row);
}
for (const { library } of rows)
  console.log(`${String(rows.findIndex((r) => r.library === library)).padStart(3)}  ${library}`);
for (const [name] of shapes) {
  console.log(name.padEnd(28) + rows.map((row) => row[name].toFixed(1).padStart(8)).join(""));
}
