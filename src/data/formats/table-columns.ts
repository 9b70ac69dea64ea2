import { UsageError } from "../../errors.js";
import type { Table } from "./table.js";

/** Takes the rows of a table as they are read, and makes numbers of their cells. */
export class TableColumns {
  /** Rows of the file so far, those that hold nothing among them. */
  #row = 0;
  #first: readonly string[] | undefined;
  #header: readonly string[] | undefined;
  #label = -1;
  #width = 0;
  #features = new Float32Array(1024);
  #length = 0;
  #areBytes = true;
  readonly #labels: string[] = [];
  /** The row of each label. */
  readonly #rows: number[] = [];

  constructor(
    private readonly path: string,
    private readonly label: string | undefined,
  ) {}

  add(cells: readonly string[]): void {
    this.#row++;
    if (cells.length === 1 && cells[0]!.trim() === "") return;
    if (this.#first) {
      this.#take(cells);
      return;
    }
    const first = cells.map((cell, i) => (i === 0 ? cell.replace(/^\ufeff/, "") : cell));
    this.#first = first;
    this.#width = first.length;
    this.#label = this.#labelOf(first);
    const isHeader =
      first.length > 1
        ? first.some((cell, i) => i !== this.#label && isWord(cell)) || this.#isByName(first)
        : isWord(first[0]!);
    if (isHeader) this.#header = first.map((name) => name.trim());
    if (this.#width < 2) {
      throw new UsageError(
        `Expected columns of features and one to predict in ${this.path}, got a single column ("${first[0]!}").`,
      );
    }
    if (!isHeader) this.#take(first);
  }

  /** @throws UsageError where the table has no rows */
  finish(): Table {
    const rows = this.#labels.length;
    if (rows === 0) throw new UsageError(`Expected rows of samples in ${this.path}, found none.`);
    const features = this.#features.subarray(0, this.#length);
    return {
      path: this.path,
      rows,
      features: this.#areBytes ? Uint8Array.from(features) : features.slice(),
      labels: this.#labelValues(),
      header: this.#header,
      labelColumn: this.#label,
    };
  }

  malformed(why: string): UsageError {
    return new UsageError(
      `Expected cells in whole quotes in ${this.path}, row ${this.#row + 1}, but: ${why}.`,
    );
  }

  #isByName(first: readonly string[]): boolean {
    const { label } = this;
    return label !== undefined && !/^\d+$/.test(label) && first.some((cell) => cell.trim() === label);
  }

  #labelOf(first: readonly string[]): number {
    const { label } = this;
    if (label === undefined) return first.length - 1;
    const named = first.findIndex((cell) => cell.trim() === label);
    const isNumber = /^\d+$/.test(label);
    // A number is a name where there are names: in a table without them the cells are numbers, too.
    if (named >= 0 && (!isNumber || first.some(isWord))) {
      const again = first.findIndex((cell, i) => i > named && cell.trim() === label);
      if (again < 0) return named;
      throw new UsageError(
        `Expected --label to be one column of ${this.path}, got "${label}", the name of column ${named + 1} and column ${again + 1}. Give its number.`,
      );
    }
    if (isNumber && Number(label) >= 1 && Number(label) <= first.length) return Number(label) - 1;
    const has = first.some(isWord)
      ? `the columns ${first.join(", ")}`
      : `${first.length} columns without names`;
    throw new UsageError(
      `Expected --label to be a column of ${this.path}, by name or by number from 1 to ${first.length}, got "${label}"; it has ${has}.`,
    );
  }

  #take(cells: readonly string[]): void {
    const width = this.#width;
    if (cells.length !== width) {
      throw new UsageError(
        `Expected ${width} cells in ${this.path}, row ${this.#row}, as in the first row, got ${cells.length}.`,
      );
    }
    if (this.#length + width > this.#features.length) {
      const larger = new Float32Array(2 * (this.#features.length + width));
      larger.set(this.#features);
      this.#features = larger;
    }
    for (let i = 0; i < width; i++) {
      const cell = cells[i]!;
      if (i === this.#label) {
        const label = cell.trim();
        if (label === "") throw this.#wrong("a label", i, this.#row, cell);
        this.#labels.push(label);
        this.#rows.push(this.#row);
        continue;
      }
      const value = Number(cell);
      this.#features[this.#length] = value;
      // An empty cell is 0 to Number.
      if (!Number.isFinite(this.#features[this.#length]!) || (value === 0 && cell.trim() === "")) {
        throw this.#wrong("a number", i, this.#row, cell);
      }
      this.#areBytes &&= value >= 0 && value <= 255 && Number.isInteger(value);
      this.#length++;
    }
  }

  /** Numbers where all are, else the texts. */
  #labelValues(): string[] | Float64Array {
    const labels = this.#labels;
    const words = labels.findIndex(isWord);
    if (words < 0) {
      const values = Float64Array.from(labels, Number);
      const wrong = values.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0) throw this.#wrong("a number", this.#label, this.#rows[wrong]!, labels[wrong]!);
      return values;
    }
    const count = labels.reduce((sum, label) => sum + (isWord(label) ? 1 : 0), 0);
    if (count < labels.length / 2) {
      throw this.#wrong("a number, as in most rows,", this.#label, this.#rows[words]!, labels[words]!);
    }
    return labels;
  }

  #wrong(expected: string, column: number, row: number, cell: string): UsageError {
    const name = this.#header ? ` (${this.#header[column]!})` : "";
    const got =
      cell.trim() === "" ? "an empty cell" : `"${cell.length > 40 ? `${cell.slice(0, 40)}…` : cell}"`;
    return new UsageError(
      `Expected ${expected} in ${this.path}, row ${row}, column ${column + 1}${name}, got ${got}.${expected === "a number" ? adviceFor(cell.trim()) : ""}`,
    );
  }
}

function adviceFor(cell: string): string {
  if (cell === "" || MISSING.test(cell)) return " Leave such rows out, or put numbers there.";
  if (!isWord(cell)) return " It is too large for float32.";
  if (/^[-+]?\d+,\d+$/.test(cell)) return " Write decimals with a point.";
  return " Features are numbers; leave such a column out, or make columns of 0 and 1 of it.";
}

/** What files write where a value is missing. */
const MISSING = /^(na|n\/a|nan|null|none|\?|-|inf|-inf|infinity)$/i;

function isWord(cell: string): boolean {
  return cell.trim() === "" || Number.isNaN(Number(cell));
}
