import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/**
 * Starts PyTorch beside the benchmark (Debian: python3-torch, libopenblas0-pthread), with the settings it is fastest
 * with, on a GPU where one is wanted and there, or says why not. `run()` is one loss and gradient; it resolves to
 * { wall, cpu } in milliseconds.
 */
export async function startTorch(network, rows, chunk, threads, wanted) {
  const script = fileURLToPath(new URL("torch_peer.py", import.meta.url));
  const environment = {
    ...process.env,
    OPENBLAS_CORETYPE: process.env.TORCH_OPENBLAS_CORETYPE ?? "SKYLAKEX",
    OMP_WAIT_POLICY: "PASSIVE",
    OMP_NUM_THREADS: String(threads),
  };
  const python = process.env.TORCH_PYTHON ?? "/usr/bin/python3";
  const child = spawn(python, [script, network, rows, chunk, threads, wanted].map(String), {
    env: environment,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (text) => (complaint += text));
  child.stdin.on("error", () => {}); // it has ended: the answer says so
  child.on("error", (error) => (complaint += error.message));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`PyTorch is missing: ${complaint.trim().split("\n").at(-1)}`);
    return JSON.parse(value);
  };
  const { version, device } = await answer();
  return {
    version,
    /** The name of the GPU; null on the CPU. */
    device,
    async run() {
      child.stdin.write("run\n");
      return answer();
    },
    stop: () => child.stdin.end(),
  };
}
