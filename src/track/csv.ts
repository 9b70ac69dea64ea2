import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Papa from "papaparse";
import { AppendedFile, cutFile, linesKept } from "../run/folder/appended-file.js";
import { writeWhole } from "../run/folder/files.js";
import type { Scalars, TrackedRun, Tracker } from "./tracker.js";

/** Tables of comma-separated values: `metrics.csv`, a row an epoch, and `batches.csv`, a row for each step that is entered. */
export async function openCsv({ folder, epochs, steps }: TrackedRun): Promise<Tracker> {
  const ofEpochs = await CsvTable.open(join(folder, "metrics.csv"), "epoch", epochs);
  const ofSteps = await CsvTable.open(join(folder, "batches.csv"), "step", steps);
  return {
    step: (step, scalars) => ofSteps.append(step, scalars),
    epoch: (epoch, scalars) => ofEpochs.append(epoch, scalars),
    end: () => Promise.resolve(),
  };
}

/** A table of numbers that grows by rows, in the order of its first column. */
class CsvTable {
  private constructor(
    private readonly path: string,
    /** What the first column is called. */
    private readonly counter: string,
    private columns: readonly string[],
    private file: AppendedFile,
  ) {}

  /** Takes the rows that are there up to `done`. */
  static async open(path: string, counter: string, done: number): Promise<CsvTable> {
    let header: string | undefined;
    const bytes = await cutFile(path, (content) => {
      const kept = linesKept(content, (line) => {
        if (header !== undefined) return parseInt(line) <= done;
        header = line;
        return true;
      });
      return kept.lines > 1 ? kept.bytes : 0;
    });
    const columns = bytes === 0 ? [] : Papa.parse<string[]>(header!).data[0]!;
    return new CsvTable(path, counter, columns, new AppendedFile(path, bytes));
  }

  async append(count: number, scalars: Scalars): Promise<void> {
    const row: Scalars = { [this.counter]: count, ...scalars };
    const added = Object.keys(row).filter((name) => !this.columns.includes(name));
    if (added.length > 0 && this.columns.length > 0) await this.#widen(added);
    const head = this.columns.length === 0 ? lineOf(added) : "";
    if (head !== "") this.columns = added;
    await this.file.append(head + lineOf(this.columns.map((name) => row[name])));
  }

  /** Writes the table anew, with columns that a run which goes on has and those before it had not. */
  async #widen(added: readonly string[]): Promise<void> {
    const [, ...rows] = (await readFile(this.path, "utf8")).trimEnd().split("\n");
    const columns = [...this.columns, ...added];
    const table = lineOf(columns) + rows.map((row) => `${row}${",".repeat(added.length)}\n`).join("");
    await writeWhole(this.path, table);
    this.columns = columns;
    this.file = new AppendedFile(this.path, Buffer.byteLength(table));
  }
}

/** A line, quoted where that is needed; names of layers may hold a line break. */
function lineOf(cells: readonly (string | number | null | undefined)[]): string {
  const shown = cells.map((cell) => (typeof cell === "string" ? cell.replaceAll(/\s/g, " ") : cell));
  return `${Papa.unparse([shown])}\n`;
}
