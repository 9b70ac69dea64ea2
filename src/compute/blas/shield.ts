import type * as Koffi from "koffi";
import { constants, platform } from "node:os";

/** Signals a thread raises by its own instructions, which it must go on handling; and the profiler's. */
const OWN = ["SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS", "SIGPROF"] as const;
const [SIG_BLOCK, SIG_UNBLOCK] = [0, 1];

/**
 * Keeps signals from this thread and those it starts from now on, OpenMP's among them; Node's other threads receive
 * them as before. A signal that arrives within oneDNN's `dnnl_sgemm` (2.6.3, on AVX-512 and AVX2) destroys the heap,
 * in programs of any language: a rank that is asked to stop would crash.
 */
export function shieldFromSignals(koffi: typeof Koffi): void {
  if (platform() !== "linux") return;
  const own = setOf(OWN);
  signalMask(koffi)(
    SIG_BLOCK,
    own.map((byte) => ~byte),
    null,
  );
}

/**
 * Makes functions that no profiler interrupts. V8's sends SIGPROF to this very thread, which must receive it, but can
 * do so when the function has returned: the sample then counts for it. Two system calls, 1 to 2 µs.
 */
export function shieldFromProfiler(
  koffi: typeof Koffi,
): <A extends unknown[], R>(run: (...args: A) => R) => (...args: A) => R {
  if (platform() !== "linux") return (run) => run;
  const [mask, profiler] = [signalMask(koffi), setOf(["SIGPROF"])];
  return (run) =>
    (...args) => {
      mask(SIG_BLOCK, profiler, null);
      try {
        return run(...args);
      } finally {
        mask(SIG_UNBLOCK, profiler, null);
      }
    };
}

function signalMask(koffi: typeof Koffi): (how: number, set: Uint8Array, old: null) => number {
  return koffi.load("libc.so.6").func("int pthread_sigmask(int, const uint8_t *, void *)");
}

/** A sigset_t: bit n − 1 stands for signal n. */
function setOf(names: readonly NodeJS.Signals[]): Uint8Array {
  const set = new Uint8Array(128);
  for (const name of names) {
    const bit = constants.signals[name] - 1;
    set[bit >> 3]! |= 1 << (bit & 7);
  }
  return set;
}
