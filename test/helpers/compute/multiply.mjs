/** Multiplies for two seconds, then says how many signals it handled meanwhile. `node multiply.mjs LOAD_MODULE` */
import { spawnSync } from "node:child_process";
import { setImmediate as turn } from "node:timers/promises";

const { loadBlas } = await import(process.argv[2]);
const { blas } = await loadBlas("auto", 2);
if (blas === undefined) {
  process.stdout.write("none\n");
  process.exit();
}
let signals = 0;
process.on("SIGUSR2", () => signals++);
process.stdout.write("ready\n");

const memory = new Float32Array(2_000_000);
const at = blas.addressOf(new Uint8Array(memory.buffer));
for (const end = performance.now() + 2000; performance.now() < end; await turn()) {
  for (let product = 0; product < 20; product++) {
    // (1000, 784) · (784, 32) → (1000, 32)
    blas.sgemm(false, false, 1000, 32, 784, at, 784, at + 4_000_000, 32, false, at + 6_000_000, 32);
  }
}
const child = spawnSync("grep", ["SigBlk", "/proc/self/status"], { encoding: "utf8" });
process.stdout.write(`${JSON.stringify({ signals, child: child.stdout })}\n`);
