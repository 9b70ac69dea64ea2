import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import type { StartedBackend } from "../backend.js";
import { tf } from "../tensorflow.js";
import { Heap } from "./heap.js";
import { replaceIdentity } from "./identity.js";
import { replaceMatrixProducts } from "./matmul.js";
import { replaceSum } from "./sum.js";

let heap: Heap | undefined;

/** TensorFlow.js's WebAssembly backend. It has no threads in Node. */
export async function startWasm(): Promise<StartedBackend> {
  await keepingProcessListeners(async () => {
    if (!(await tf.setBackend("wasm"))) {
      throw new Error("@tensorflow/tfjs-backend-wasm does not start in this process.");
    }
  });
  if ((await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) !== true) {
    throw new Error("WebAssembly SIMD is missing in this Node or on this processor.");
  }
  heap ??= await openHeap();
  return {
    version: version_wasm,
    threads: 1,
    description: `WebAssembly (SIMD${heap.fused ? ", fused multiply-add" : ""}), one thread`,
    // WebAssembly fixes every bit of a result but those of relaxed SIMD.
    determinants: [heap.fused ? "fused" : "not fused"],
    heap,
  };
}

async function openHeap(): Promise<Heap> {
  const opened = await Heap.open();
  replaceMatrixProducts(opened);
  replaceIdentity(opened);
  replaceSum(opened);
  return opened;
}

/**
 * Emscripten's start-up code adds handlers for uncaught exceptions and rejections that throw them again and so
 * replace the exit code and the trace of every error in the process. They serve only its own exit(): remove them.
 */
async function keepingProcessListeners(start: () => Promise<void>): Promise<void> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.rawListeners(event)));
  try {
    await start();
  } finally {
    events.forEach((event, i) => {
      for (const listener of process.rawListeners(event)) {
        if (!before[i]!.has(listener))
          process.removeListener(event, listener as (...args: unknown[]) => void);
      }
    });
  }
}
