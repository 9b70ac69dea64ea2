import type * as Koffi from "koffi";
import { constants, platform } from "node:os";

/** Signals a thread raises by its own instructions, which it must go on handling; and the profiler's. */
const OWN = ["SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS", "SIGPROF"] as const;
const SIG_BLOCK = 0;

/**
 * Keeps signals from this thread and those it starts from now on, OpenMP's among them; Node's other threads receive
 * them as before. A signal that arrives within oneDNN's `dnnl_sgemm` (2.6.3, on AVX-512 and AVX2) destroys the heap,
 * in programs of any language: a rank that is asked to stop would crash.
 */
export function shieldFromSignals(koffi: typeof Koffi): void {
  if (platform() !== "linux") return;
  const set = new Uint8Array(128).fill(0xff); // sigset_t, bit n − 1 for signal n
  for (const name of OWN) {
    const bit = constants.signals[name] - 1;
    set[bit >> 3]! &= ~(1 << (bit & 7));
  }
  const libc = koffi.load("libc.so.6");
  libc.func("int pthread_sigmask(int, const uint8_t *, void *)")(SIG_BLOCK, set, null);
}
