import type { StepReport } from "../methods/method.js";
import { pathError } from "../paths.js";
import type { EpochMetrics } from "../report/metrics.js";
import { openCsv } from "./csv.js";
import { openMlflow } from "./mlflow.js";
import { scalarsOfEpoch, scalarsOfStep } from "./names.js";
import { Pace } from "./pace.js";
import { openTensorBoard } from "./tensorboard/tracker.js";
import type { Outcome, TrackedRun, Tracker } from "./tracker.js";
import { openWandbOffline } from "./wandb/tracker.js";

const openers = {
  tensorboard: openTensorBoard,
  csv: openCsv,
  mlflow: openMlflow,
  "wandb-offline": openWandbOffline,
} satisfies Record<string, (run: TrackedRun) => Promise<Tracker>>;

export type TrackerName = keyof typeof openers;

/** What `--track` may name. */
export const trackerNames = Object.keys(openers) as TrackerName[];

/** The trackers of a run, on rank 0; elsewhere, and before it begins, there are none. */
export class Tracking {
  #trackers: readonly Tracker[] = [];
  #pace = new Pace();
  /** A disk that takes no steps is heard of at the epoch's end, not at every step. */
  #takesSteps = true;

  /**
   * Begins, or goes on where the run does: what is there of later epochs and steps goes.
   * @throws UsageError where a tracker cannot write into the run folder
   */
  async begin(names: readonly TrackerName[], run: TrackedRun): Promise<void> {
    try {
      this.#trackers = await Promise.all(names.map((name) => openers[name](run)));
    } catch (error) {
      throw pathError(`to track the run in ${run.folder}`, error);
    }
    this.#pace = new Pace();
  }

  /** Enters a step if it is time for one. */
  async step(step: number, report: StepReport): Promise<void> {
    if (this.#trackers.length === 0 || !this.#takesSteps) return;
    await this.#pace.whenDue(async () => {
      const scalars = scalarsOfStep(report);
      this.#takesSteps = await this.#all((tracker) => tracker.step(step, scalars)).then(
        () => true,
        () => false,
      );
    });
  }

  /**
   * Enters an epoch.
   * @param training metrics of the training samples, by name, where they are measured
   */
  async epoch(metrics: EpochMetrics, training: Readonly<Record<string, number>>): Promise<void> {
    const scalars = scalarsOfEpoch(metrics, training);
    await this.#all((tracker) => tracker.epoch(metrics.epoch, scalars));
    this.#takesSteps = true;
  }

  /** Says how the run ended; what is said first counts. */
  async end(outcome: Outcome): Promise<void> {
    const trackers = this.#trackers;
    this.#trackers = [];
    await Promise.all(trackers.map((tracker) => tracker.end(outcome)));
  }

  /** Every tracker gets its part, also where another fails. */
  async #all(enter: (tracker: Tracker) => Promise<void>): Promise<void> {
    const entered = await Promise.allSettled(this.#trackers.map(enter));
    for (const one of entered) if (one.status === "rejected") throw one.reason;
  }
}
