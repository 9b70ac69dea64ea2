import { spawn } from "node:child_process";
import { once } from "node:events";

/** Starts a program with properties Node cannot give it: what stands before its name. */
export type Wrap = (cpus: readonly number[] | undefined) => string[];

/** How long a program of the host may take to show that it works, in milliseconds. */
const PROBE_TIME = 2000;

const killedWithParent = ["setpriv", "--pdeathsig", "KILL", "--"];
// -c is known to busybox too, --cpu-list is not.
const boundTo = (cpus: readonly number[]): string[] => ["taskset", "-c", cpus.join(",")];

/**
 * Finds out which programs of util-linux this host has and what they can: setpriv knows --pdeathsig since version 2.33
 * (RHEL 8 has 2.32), busybox's never, and older ones of busybox know no lists of CPUs. What does not work is done without.
 */
export async function probeWrappers(cpus: readonly number[], variables: NodeJS.ProcessEnv): Promise<Wrap> {
  const [binds, kills] = await Promise.all(
    [boundTo(cpus.slice(0, 1)), killedWithParent].map((wrapper) => works([...wrapper, "true"], variables)),
  );
  return (wanted) => [...(wanted && binds ? boundTo(wanted) : []), ...(kills ? killedWithParent : [])];
}

async function works([program, ...args]: readonly string[], variables: NodeJS.ProcessEnv): Promise<boolean> {
  const child = spawn(program!, args, { env: variables, stdio: "ignore", timeout: PROBE_TIME });
  return once(child, "exit").then(
    ([code]) => code === 0,
    () => false, // it cannot be started
  );
}
