import { tf } from "./tensorflow.js";
import type { ComputeBackend } from "./backend.js";

/** What one kernel took between the start and the end of a profile. */
export interface KernelTime {
  readonly kernel: string;
  readonly calls: number;
  readonly milliseconds: number;
}

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * Measures how long each kernel of the backend runs, TensorFlow.js's and those of the heap, until the returned
 * function is called; that gives the times, longest first. Kernels that run others (fused ones) count them in.
 * Backends that compute asynchronously (webgpu) show only what a call costs.
 */
export function startProfile(backend: ComputeBackend): () => KernelTime[] {
  const times = new Map<string, { calls: number; milliseconds: number }>();
  const timed =
    (kernel: string, run: AnyFunction): AnyFunction =>
    (...args) => {
      const start = performance.now();
      try {
        return run(...args);
      } finally {
        const time = times.get(kernel) ?? { calls: 0, milliseconds: 0 };
        time.calls++;
        time.milliseconds += performance.now() - start;
        times.set(kernel, time);
      }
    };

  const registered = tf.getKernelsForBackend(tf.getBackend());
  const restoreHeap = backend.heap?.instrument(timed);
  for (const config of registered) {
    const run = config.kernelFunc as unknown as AnyFunction;
    replace({ ...config, kernelFunc: timed(config.kernelName, run) as unknown as typeof config.kernelFunc });
  }
  return () => {
    registered.forEach(replace);
    restoreHeap?.();
    return [...times]
      .map(([kernel, time]) => ({ kernel, ...time }))
      .sort((a, b) => b.milliseconds - a.milliseconds);
  };
}

function replace(config: tf.KernelConfig): void {
  tf.unregisterKernel(config.kernelName, config.backendName);
  // Their set-up has been done.
  tf.registerKernel({
    kernelName: config.kernelName,
    backendName: config.backendName,
    kernelFunc: config.kernelFunc,
  });
}
