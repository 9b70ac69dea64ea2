import { join } from "node:path";
import { curvesSvg } from "../report/curves.js";
import type { ModelFiles } from "../network/model-file.js";
import { makeRunFolder, writeWhole } from "./files.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";

/**
 * What a run leaves on disk. Files appear whole or not at all; `metrics.jsonl` is rewritten with every epoch, so a
 * reader never sees half a line.
 */
export class RunFolder {
  readonly #lines: string[] = [];
  readonly #metrics: EpochMetrics[] = [];

  private constructor(readonly path: string) {}

  /** @throws UsageError where the folder holds anything already */
  static async create(path: string, config: unknown): Promise<RunFolder> {
    await makeRunFolder(path);
    await writeWhole(join(path, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
    return new RunFolder(path);
  }

  async addEpoch(metrics: EpochMetrics): Promise<void> {
    this.#metrics.push(metrics);
    this.#lines.push(`${JSON.stringify(metrics)}\n`);
    await writeWhole(join(this.path, "metrics.jsonl"), this.#lines.join(""));
  }

  async finish(summary: Summary, model: ModelFiles): Promise<void> {
    // Weights first: a model.json always finds the weights it names.
    await writeWhole(join(this.path, "model", "weights.bin"), model["weights.bin"]);
    await writeWhole(join(this.path, "model", "model.json"), model["model.json"]);
    await writeWhole(
      join(this.path, "curves.svg"),
      curvesSvg([{ name: summary.method, metrics: this.#metrics }]),
    );
    await writeWhole(join(this.path, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
  }
}
