import { availableParallelism, platform } from "node:os";

/**
 * Lets each of OpenMP's threads have a core of its own, where `threads` are as many as the cores of this process: to be
 * called before a library is loaded. Else Linux may wake a thread on the core where the first one spins for it, though
 * another is idle: 784-32-32-10 by two threads on two cores then takes 70 to 150 ms for 46. The calling thread is bound with
 * them, and what it starts from then on; threads that are there already, ZeroMQ's among them, stay free.
 */
export function spreadThreads(threads: number): void {
  if (platform() !== "linux" || threads === 1 || threads !== availableParallelism()) return;
  process.env["OMP_PROC_BIND"] ??= "true";
}
