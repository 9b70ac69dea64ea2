import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import type { StartedBackend } from "../backend.js";
import { tf } from "../tensorflow.js";

/** TensorFlow.js's WebAssembly backend. It has no threads in Node. */
export async function startWasm(): Promise<StartedBackend> {
  await keepingProcessListeners(async () => {
    if (!(await tf.setBackend("wasm"))) {
      throw new Error("@tensorflow/tfjs-backend-wasm does not start in this process.");
    }
  });
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  return {
    version: version_wasm,
    threads: 1,
    description: simd ? "WebAssembly (SIMD), one thread" : "WebAssembly without SIMD, one thread (slow)",
    // WebAssembly fixes every bit of a result; with and without SIMD sums are ordered differently.
    determinants: [simd ? "simd" : "no simd"],
  };
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
