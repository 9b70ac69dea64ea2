import { appendFile, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { EpochMetrics } from "../../report/metrics.js";

/**
 * `metrics.jsonl` as its run writes it: a line is appended for every epoch, so that an epoch costs the same however
 * many went before. A writer that is killed may leave part of a line: readers pass over it, and a resume cuts it off.
 */
export class MetricsFile {
  /** Lines that a full disk has not taken yet. */
  #pending = "";

  private constructor(
    private readonly path: string,
    /** Bytes of whole lines. */
    private bytes: number,
    /** Epochs that have a line. */
    readonly lines: number,
  ) {}

  /** Takes the lines that a run left there for its first `epochs`; later ones are of epochs that are done again. */
  static async open(folder: string, epochs: number): Promise<MetricsFile> {
    const path = join(folder, "metrics.jsonl");
    const content = await readFile(path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
      throw error;
    });
    let bytes = 0;
    let lines = 0;
    for (;;) {
      const end = content.indexOf("\n", bytes);
      if (end === -1 || !(epochOf(content.toString("utf8", bytes, end)) <= epochs)) break;
      bytes = end + 1;
      lines++;
    }
    if (bytes < content.length) await truncate(path, bytes);
    return new MetricsFile(path, bytes, lines);
  }

  /** Where it fails, the line is written with the next one. */
  async append(metrics: EpochMetrics): Promise<void> {
    this.#pending += `${JSON.stringify(metrics)}\n`;
    try {
      await appendFile(this.path, this.#pending);
    } catch (error) {
      await truncate(this.path, this.bytes).catch(() => undefined); // part of it may have found room
      throw error;
    }
    this.bytes += Buffer.byteLength(this.#pending);
    this.#pending = "";
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
