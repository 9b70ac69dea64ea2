import { UsageError } from "../errors.js";
import type { Goal } from "../network/goal/goal.js";
import { metricNameIn } from "../network/metrics/index.js";
import { metricsOf } from "../network/scores.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { TrainConfig } from "./options/config.js";

type Watched = Pick<TrainConfig, "monitor" | "stopAt" | "stopAtAccuracy" | "patience">;

/** A measure of an epoch, and whether more of it is better. */
interface Measure {
  readonly name: string;
  readonly rises: boolean;
}

const LOSS: Measure = { name: "loss", rises: false };

/** Which epochs are good, and when that is enough. */
export class Monitor {
  readonly #measure: Measure;
  readonly #target: { readonly measure: Measure; readonly value: number } | undefined;

  /**
   * @param measures whether samples are held back, whose loss and metrics then count; else the training loss does
   * @throws UsageError for a metric that the run does not measure
   */
  constructor(
    private readonly config: Watched,
    goal: Goal,
    private readonly measures: boolean,
  ) {
    const known = [LOSS, ...(measures ? metricsOf(goal) : [])];
    const find = (name: string, option: string): Measure => {
      const found = known.find(
        (measure) => measure.name === name || measure.name === reportedName(name, goal),
      );
      if (found) return found;
      const why = measures ? "" : ", since no samples are held back to measure more with";
      throw new UsageError(
        `Expected ${option} to name one of ${known.map((measure) => measure.name).join(", ")}${why}, got "${name}".`,
      );
    };
    this.#measure = find(config.monitor, "--monitor");
    if (config.stopAtAccuracy !== undefined) find("accuracy", "--stop-at-accuracy");
    if (config.stopAt !== undefined) {
      const [, name = "", value = ""] = /^(.+?)=(.+)$/.exec(config.stopAt) ?? [];
      if (!Number.isFinite(Number(value)) || value === "") {
        throw new UsageError(`Expected --stop-at to be METRIC=VALUE, got "${config.stopAt}".`);
      }
      this.#target = { measure: find(name, "--stop-at"), value: Number(value) };
    }
  }

  isBetter(line: EpochMetrics, than: EpochMetrics): boolean {
    const [now, was] = [this.#valueOf(this.#measure, line), this.#valueOf(this.#measure, than)];
    return this.#measure.rises ? now > was : now < was;
  }

  /** Whether the last epoch is good enough, or the best one long ago. */
  ended(last: EpochMetrics, best: EpochMetrics | null): "accuracy" | "metric" | "patience" | undefined {
    const { stopAtAccuracy = Infinity, patience = Infinity } = this.config;
    if ((last.testAccuracy ?? 0) >= stopAtAccuracy) return "accuracy";
    if (this.#target) {
      const { measure, value } = this.#target;
      const now = this.#valueOf(measure, last);
      if (measure.rises ? now >= value : now <= value) return "metric";
    }
    return last.epoch - (best ?? last).epoch >= patience ? "patience" : undefined;
  }

  #valueOf({ name }: Measure, line: EpochMetrics): number {
    if (name !== LOSS.name) return line.metrics[name]!;
    return this.measures ? line.testLoss! : line.loss;
  }
}

/** A metric's name as lines of epochs have it: `a_mae` is `a_meanAbsoluteError`. */
function reportedName(given: string, { outputs }: Goal): string {
  const output = outputs.length > 1 ? outputs.find(({ name }) => given.startsWith(`${name}_`)) : undefined;
  const prefix = output ? `${output.name}_` : "";
  return prefix + metricNameIn(given.slice(prefix.length));
}
