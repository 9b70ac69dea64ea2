import { fileURLToPath } from "node:url";
import { launch, type LaunchResult } from "../../launcher/launch.js";
import type { launchSpecOf } from "../../launcher/options.js";
import { checkRunFolder } from "../run/files.js";
import type { RunEvent } from "../run/events.js";
import type { Summary } from "../report/summary.js";
import { specToVariables, type RunSpec } from "./run-spec.js";

/** How a training job ended: with a summary, or with a failure that the launcher describes. */
export interface JobResult extends LaunchResult {
  readonly summary: Summary | undefined;
}

export interface JobOptions {
  /** Hosts, placement and output of the ranks; default: on this machine. */
  readonly where?: Awaited<ReturnType<typeof launchSpecOf>>;
  readonly observe?: (event: RunEvent) => void;
  /** Aborting it stops the run after the step it is in. */
  readonly signal?: AbortSignal;
  /** Passes this process's SIGINT and SIGTERM on to the ranks: the first asks them to stop, a second kills them. */
  readonly forwardSignals?: boolean;
}

/**
 * Starts the ranks of a training run and waits for them.
 * @throws UsageError where `out` holds anything already
 */
export async function runJob(
  spec: RunSpec,
  { where, observe, signal, forwardSignals }: JobOptions,
): Promise<JobResult> {
  await checkRunFolder(spec.out);
  let summary: Summary | undefined;
  const result = await launch({
    ...where,
    command: process.execPath,
    args: [fileURLToPath(new URL("./main.js", import.meta.url)), "train"],
    ranks: spec.config.ranks,
    environment: { ...specToVariables(spec), ...GENEROUS_MALLOC },
    timeoutSeconds: spec.config.timeout,
    insecure: spec.config.insecure,
    signal,
    forwardSignals,
    onEvent: (_, event) => {
      if (event.type !== "run") return;
      const run = event.event as RunEvent;
      if (run.type === "done") summary = run.summary;
      observe?.(run);
    },
  });
  return { ...result, summary };
}

/** Large messages stay on the heap instead of being mapped and unmapped each time: twice the bandwidth. */
const GENEROUS_MALLOC = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 30),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 31),
};
