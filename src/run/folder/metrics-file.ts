import { join } from "node:path";
import type { EpochMetrics } from "../../report/metrics.js";
import { AppendedFile, cutFile, linesKept } from "./appended-file.js";

/**
 * `metrics.jsonl` as its run writes it: a line is appended for every epoch. Readers pass over the part of a line that a
 * writer which was killed may leave, and a resume cuts it off.
 */
export class MetricsFile {
  private constructor(
    private readonly file: AppendedFile,
    /** Epochs that have a line. */
    readonly lines: number,
  ) {}

  /** Takes the lines that a run left there for its first `epochs`; later ones are of epochs that are done again. */
  static async open(folder: string, epochs: number): Promise<MetricsFile> {
    const path = join(folder, "metrics.jsonl");
    let lines = 0;
    const bytes = await cutFile(path, (content) => {
      const kept = linesKept(content, (line) => epochOf(line) <= epochs);
      lines = kept.lines;
      return kept.bytes;
    });
    return new MetricsFile(new AppendedFile(path, bytes), lines);
  }

  /** Where it fails, the line is written with the next one. */
  async append(metrics: EpochMetrics): Promise<void> {
    await this.file.append(`${JSON.stringify(metrics)}\n`);
  }
}

/** NaN where the line is none of a run's. */
function epochOf(line: string): number {
  try {
    return (JSON.parse(line) as EpochMetrics).epoch;
  } catch {
    return NaN;
  }
}
