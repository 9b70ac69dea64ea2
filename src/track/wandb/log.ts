import { AppendedFile, cutFile } from "../../run/folder/appended-file.js";
import { numbersOf, type Scalars, type TrackedRun } from "../tracker.js";
import { historyRecord, metricRecord, readRecord } from "./messages.js";
import { FILE_HEAD, recordAt, recordsIn } from "./records.js";

/** What the rows of epochs and those of steps are counted by: W&B's own count is of all rows. */
export const EPOCH = "epoch";
export const STEP = "batch/step";

/** The file of a run: what is entered is written together, so that a full disk takes all of it later, or now. */
export class WandbLog {
  readonly #began = performance.now();
  #entered: Buffer[] = [];
  #at: number;

  private constructor(
    private readonly file: AppendedFile,
    bytes: number,
    private rows: number,
    /** Seconds that the run had taken before. */
    private readonly before: number,
    private readonly defined: Set<string>,
  ) {
    this.#at = bytes;
    if (bytes === 0) this.#push(FILE_HEAD);
  }

  /** Takes the rows that are there up to where the run goes on; without any, the file begins anew. */
  static async open(path: string, { epochs, steps }: TrackedRun): Promise<WandbLog> {
    let rows = 0;
    let before = 0;
    const defined = new Set<string>();
    const bytes = await cutFile(path, (content) => {
      let kept = 0;
      for (const { data, end } of recordsIn(content)) {
        const { row, metric, isExit } = readRecord(data);
        if (isExit || (row?.get(EPOCH) ?? 0) > epochs || (row?.get(STEP) ?? 0) > steps) break;
        if (metric !== undefined) defined.add(metric);
        if (row) {
          rows++;
          before = row.get("_runtime") ?? before;
        }
        kept = end;
      }
      return rows > 0 ? kept : 0;
    });
    if (bytes === 0) defined.clear();
    return new WandbLog(new AppendedFile(path, bytes), bytes, rows, before, defined);
  }

  get isNew(): boolean {
    return this.rows === 0;
  }

  /** Seconds that the run takes, without the time between its parts. */
  runtime(): number {
    return this.before + (performance.now() - this.#began) / 1000;
  }

  enter(record: Uint8Array): void {
    this.#push(recordAt(this.#at, record));
  }

  /** Enters the next row, and says of each metric when it first comes what it is drawn over. */
  enterRow(counter: string, count: number, scalars: Scalars): [string, number][] {
    const values = numbersOf(scalars);
    for (const [name] of values) {
      if (this.defined.has(name)) continue;
      this.defined.add(name);
      this.enter(metricRecord(name, counter));
    }
    const row: [string, number][] = [
      ...values,
      [counter, count],
      ["_step", this.rows],
      ["_timestamp", Date.now() / 1000],
      ["_runtime", this.runtime()],
    ];
    this.enter(historyRecord(this.rows, row));
    this.rows++;
    return row;
  }

  async write(): Promise<void> {
    const entered = Buffer.concat(this.#entered);
    this.#entered = [];
    await this.file.append(entered);
  }

  #push(bytes: Buffer): void {
    this.#entered.push(bytes);
    this.#at += bytes.length;
  }
}
