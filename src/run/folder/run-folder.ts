import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AptsError } from "../../errors.js";
import { pathError } from "../../paths.js";
import { curvesSvg } from "../../report/curves.js";
import { makeRunFolder, removeTemporaries, writeModel, writeWhole, type WritableModel } from "./files.js";
import { MetricsFile } from "./metrics-file.js";
import { readMetrics } from "../../report/metrics.js";
import type { Summary } from "../../report/summary.js";
import type { Position } from "../ledger.js";
import type { RunRecord } from "./record.js";

/** What a run leaves on disk. Files appear whole or not at all, but for `metrics.jsonl`, which grows by lines. */
export class RunFolder {
  private constructor(
    readonly path: string,
    readonly metrics: MetricsFile,
  ) {}

  /** Makes the folder of a run that begins, or takes that of one which goes on `from` somewhere; `config.json` tells. */
  static async open(path: string, record: RunRecord, from: Position | undefined): Promise<RunFolder> {
    try {
      await makeRunFolder(path);
      await removeTemporaries(path);
      const folder = new RunFolder(path, await MetricsFile.open(path, from?.epochs ?? 0));
      const { options, samples } = record;
      const symbols = samples.train.targets[0]?.names;
      if (options.data === "text" && symbols) await folder.#write("vocabulary.json", symbols);
      await folder.#write("config.json", from ? await folder.#continued(record, from) : record);
      return folder;
    } catch (error) {
      throw pathError(`to write the run folder ${path}`, error);
    }
  }

  /** Draws `curves.svg` from `metrics.jsonl`. */
  async draw(name: string, title: string): Promise<void> {
    const metrics = await readMetrics(this.path);
    await writeWhole(join(this.path, "curves.svg"), curvesSvg([{ name, metrics }], title));
  }

  async write(name: string, text: string): Promise<void> {
    await writeWhole(join(this.path, name), text);
  }

  async writeJson(name: string, content: unknown): Promise<void> {
    await this.write(name, `${JSON.stringify(content, null, 1)}\n`);
  }

  /** @throws AptsError where the disk does not let it */
  async finish(summary: Summary, model: WritableModel): Promise<void> {
    try {
      await writeModel(join(this.path, "model"), model);
      await this.#write("summary.json", summary);
    } catch (error) {
      throw new AptsError(
        `Expected to write the trained model to ${this.path}, could not: ${(error as Error).message}. ` +
          `Put that right, and apts train --resume ${this.path} goes on from the last checkpoint.`,
        { cause: error },
      );
    }
  }

  async #write(name: string, content: unknown): Promise<void> {
    await writeWhole(join(this.path, name), `${JSON.stringify(content, null, 2)}\n`);
  }

  /** The record that is there, with the options as they are now. */
  async #continued(record: RunRecord, from: Position): Promise<RunRecord> {
    const text = await readFile(join(this.path, "config.json"), "utf8").catch(() => undefined);
    const { started, resumed = [] } = text === undefined ? record : (JSON.parse(text) as RunRecord);
    const { started: at, node, backend } = record;
    const resumption = { at, from, ranks: record.options.ranks, node, backend };
    return { ...record, started, resumed: [...resumed, resumption] };
  }
}
