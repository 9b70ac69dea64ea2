import { rmdir } from "node:fs/promises";
import { plan } from "../../launcher/launch.js";
import { placementTable } from "../../launcher/placement-table.js";
import type { Verdict } from "../../launcher/verdict.js";
import type { tf } from "../compute/tensorflow.js";
import { UsageError } from "../errors.js";
import type { Summary } from "../report/summary.js";
import { checkFit } from "../run/check-fit.js";
import type { RunEvent } from "../run/events.js";
import { checkRunFolder, reserveFolder } from "../run/folder/files.js";
import type { ProgramEvent, Word } from "../run/program.js";
import { launchApts } from "./launch-apts.js";
import type { PlannedJob } from "./plan.js";
import { shareData } from "./shared-data.js";
import { specToVariables } from "./specification.js";

/** How a training job ended: with a summary, or with a failure that the launcher describes. */
export interface JobResult extends Verdict {
  readonly summary: Summary | undefined;
}

export interface JobOptions {
  /** The program's model, which is handed over. */
  readonly model?: tf.LayersModel | undefined;
  readonly observe?: (event: RunEvent) => void;
  /** Takes what a run that `fit` has started tells of itself beside that; `answer` says the program's word. */
  readonly takePart?: ((event: ProgramEvent, answer: (word: Word) => void) => void) | undefined;
  /** Aborting it stops the run after the step it is in. */
  readonly signal?: AbortSignal;
  /** Passes this process's SIGINT and SIGTERM on to the ranks: the first asks them to stop, a second kills them. */
  readonly forwardSignals?: boolean;
}

/**
 * Starts the ranks of a training run and waits for them.
 * @throws UsageError where model, data and options do not fit together, or a run that begins anew finds anything in the
 * folder its user named
 */
export async function runJob(job: PlannedJob, options: JobOptions): Promise<JobResult> {
  const { spec, where } = job;
  if (where.hosts !== undefined || spec.handedOver?.data) return runChecked(job, options);
  const shared = await shareData(spec.config);
  const { files: data } = shared;
  if (!data) return runChecked(job, options);
  try {
    return await runChecked({ ...job, spec: { ...spec, handedOver: { ...spec.handedOver, data } } }, options);
  } finally {
    await shared.remove();
  }
}

async function runChecked(job: PlannedJob, options: JobOptions): Promise<JobResult> {
  const { spec, where } = job;
  const { data, goal, fit } = spec.handedOver ?? {};
  if (fit && spec.config.stages > 1) {
    throw new UsageError(
      `Expected fit to train a network that is whole on every rank, got stages: ${spec.config.stages}. Give train() of this library such a network, or leave the option out.`,
    );
  }
  const given = { data, goal, model: options.model, streamed: fit?.streamed !== undefined };
  await checkFit(spec.config, given, where.hosts === undefined);
  if (spec.beginning !== "new") return startRanks(job, options);
  if (spec.config.out !== undefined) {
    await checkRunFolder(spec.out);
    return startRanks(job, options);
  }
  // Runs that begin in the same second, and whose users named no folder, have one each.
  const out = await reserveFolder(spec.out);
  try {
    return await startRanks({ ...job, spec: { ...spec, out } }, options);
  } finally {
    await rmdir(out).catch(() => undefined); // where nothing came into it
  }
}

/**
 * A table of where each rank of a planned job would run, and the command that starts it.
 * @throws UsageError as `runJob` does where model, data and options do not fit together
 */
export async function previewJob({ spec, where }: PlannedJob, command: readonly string[]): Promise<string> {
  await checkFit(
    spec.config,
    { data: undefined, goal: undefined, model: undefined, streamed: false },
    where.hosts === undefined,
  );
  return placementTable(await plan({ ...where, ranks: spec.config.ranks }), command);
}

async function startRanks(
  { spec, where, maxRestarts }: PlannedJob,
  { observe, takePart, signal, forwardSignals }: JobOptions,
): Promise<JobResult> {
  let summary: Summary | undefined;
  const notices = new Set<string>();
  let newCheckpoint = false; // since the ranks were started last
  const result = await launchApts(["train"], {
    ...where,
    ranks: spec.config.ranks,
    environment: { ...specToVariables(spec), ...GENEROUS_MALLOC },
    timeoutSeconds: spec.config.timeout,
    insecure: spec.config.insecure,
    sharedMemory: spec.config.sharedMemory,
    signal,
    forwardSignals,
    onEvent: (_, event, answer) => {
      if (event.type === "notice" && !notices.has(event.message)) {
        notices.add(event.message);
        observe?.({ type: "warning", message: event.message });
      }
      if (event.type === "program") takePart?.(event.event as ProgramEvent, answer);
      if (event.type !== "run") return;
      const run = event.event as RunEvent;
      if (run.type === "done") summary = run.summary;
      if (run.type === "checkpoint") newCheckpoint = true;
      observe?.(run);
    },
    restarts: {
      limit: maxRestarts,
      mayRestart({ description }) {
        if (!newCheckpoint) return false;
        newCheckpoint = false;
        observe?.({ type: "warning", message: `${description}\nStarts again from the last checkpoint.` });
        return true;
      },
    },
  });
  return { ...result, summary };
}

/** Large messages stay on the heap instead of being mapped and unmapped each time: twice the bandwidth. */
const GENEROUS_MALLOC = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 30),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 31),
};
