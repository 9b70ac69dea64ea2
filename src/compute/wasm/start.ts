import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import type { StartedBackend } from "../backend.js";
import { loadBlas, type BlasChoice } from "../blas/load.js";
import { tf } from "../tensorflow.js";
import { borrowMissingKernels } from "./borrow.js";
import { replaceConvolutions } from "./conv.js";
import { Heap } from "./heap.js";
import { replaceIdentity } from "./identity.js";
import { replaceMatrixProducts } from "./matmul.js";
import { replacePooling } from "./pool.js";
import { replacePrelu } from "./prelu.js";
import { replaceSum } from "./sum.js";
import { replaceTanh } from "./tanh.js";

let heap: Heap | undefined;

/**
 * TensorFlow.js's WebAssembly backend, with kernels of our own and matrix products of the system's BLAS where there
 * is one. WebAssembly has no threads in Node: only the BLAS uses more than one.
 */
export async function startWasm(threads: number, blasChoice: BlasChoice): Promise<StartedBackend> {
  await keepingProcessListeners(async () => {
    if (!(await tf.setBackend("wasm"))) {
      throw new Error("@tensorflow/tfjs-backend-wasm does not start in this process.");
    }
  });
  if ((await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) !== true) {
    throw new Error("WebAssembly SIMD is missing in this Node or on this processor.");
  }
  heap ??= await openHeap();
  const { blas, rejected } = await loadBlas(blasChoice, threads);
  heap.useBlas(blas);
  const kernels = heap.fused ? "fused multiply-add" : "separate multiply and add";
  const used = blas ? threads : 1;
  return {
    version: version_wasm,
    threads: used,
    description: `WebAssembly (SIMD, ${kernels}), ${blas ? `products by ${blas.name}` : "no native BLAS"}, ${used} thread${used === 1 ? "" : "s"}`,
    // WebAssembly fixes every bit of a result but those of relaxed SIMD; a BLAS divides its sums by core and threads.
    determinants: [kernels, ...(blas ? [blas.name, `${used} threads`] : [])],
    heap,
    blas: { name: blas?.name, file: blas?.file, rejected },
  };
}

async function openHeap(): Promise<Heap> {
  const opened = await Heap.open();
  replaceMatrixProducts(opened);
  replaceConvolutions(opened);
  replacePooling(opened);
  replaceIdentity(opened);
  replaceSum(opened);
  replaceTanh(opened);
  replacePrelu(opened);
  borrowMissingKernels();
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
