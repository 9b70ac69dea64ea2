import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { signalOf } from "../../../launcher/endings.js";

/** How running processes are asked to end: after a checkpoint, and at once. */
export interface Stops {
  readonly gently: AbortSignal;
  readonly atOnce: AbortSignal;
}

/** What is kept of a run's standard error, in characters: it ends with why a run failed. */
const KEPT = 20_000;

export interface Conducted {
  /** Why it failed; undefined where it did not. */
  readonly failure: string | undefined;
  /** The signal that ended it, or one of its ranks, which nobody here had sent: of memory that ran out, say. */
  readonly killedBy: string | undefined;
  /** From start to end, evaluations and all. */
  readonly wallSeconds: number;
}

/**
 * Waits for a process of `apts train`, which stops when it is asked to.
 * @returns undefined where it was stopped before its end
 */
export async function conductRun(
  child: ChildProcess,
  { gently, atOnce }: Stops,
): Promise<Conducted | undefined> {
  const began = performance.now();
  const ask = (): void => void child.kill("SIGTERM");
  for (const signal of [gently, atOnce]) signal.addEventListener("abort", ask); // the launcher ends ranks at the second
  let said = "";
  child.stdout?.resume();
  child.stderr?.on("data", (data: Buffer) => {
    said = `${said}${data.toString()}`.slice(-KEPT);
  });
  const [code, killedBy] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  for (const signal of [gently, atOnce]) signal.removeEventListener("abort", ask);
  if (code !== 0 && gently.aborted) return undefined;
  const signal = killedBy ?? signalOf(code);
  return {
    killedBy: signal,
    failure: code === 0 ? undefined : reasonIn(said, signal ?? `exit code ${code}`),
    wallSeconds: (performance.now() - began) / 1000,
  };
}

/** What `apts train` says last is why it failed; what other ranks say after it follows from that, in lines of their own. */
export function reasonIn(said: string, otherwise: string): string {
  const blocks = said.split(/^apts: /m).slice(1);
  const last = blocks
    .at(-1)
    ?.split(/\n {2}\S/)[0]
    ?.trim();
  return last ?? `The run ended with ${otherwise}. ${said.trim().split("\n").at(-1) ?? ""}`.trim();
}
