import { join } from "node:path";
import { runsCsv, type RunRow } from "../report/runs-table.js";
import type { Summary } from "../report/summary.js";
import { writeWhole } from "../run/folder/files.js";
import { aptsVersion } from "../package.js";
import type { PlannedRun } from "./plan.js";

/** What a table says of a run that has not ended. */
export type KnownRun = Pick<PlannedRun, "name" | "varied" | "key">;

/** How a run ended: with a summary, or with the reason why it failed. */
export type Ending = { readonly summary: Summary } | { readonly failure: string };

/** Where the run folders of a sweep are. */
export const runsIn = (out: string): string => join(out, "runs");

/** The file that says which runs a sweep has. */
export const SWEEP_FILE = "sweep.json";

/** `sweep.json` */
export interface SweepRecord {
  readonly apts: string;
  readonly name: string;
  readonly runs: readonly {
    /** Of its folder in `runs`. */
    readonly name: string;
    /** What differs among the runs. */
    readonly options: Readonly<Record<string, unknown>>;
    readonly key: string;
    readonly state: "open" | "finished" | "failed";
    readonly failure?: string;
  }[];
}

/** What is known of a sweep on disk, which grows with every run that ends: `sweep.json`, and `runs.csv`, a row a run. */
export class SweepTable {
  #written = Promise.resolve();

  constructor(
    private readonly out: string,
    private readonly name: string,
    private readonly planned: readonly KnownRun[],
    private readonly endings: ReadonlyMap<string, Ending>,
  ) {}

  /** Writes both; one after the other, whoever asks. */
  write(): Promise<void> {
    const write = async (): Promise<void> => {
      await writeWhole(join(this.out, SWEEP_FILE), `${JSON.stringify(this.#record(), null, 1)}\n`);
      await writeWhole(join(this.out, "runs.csv"), this.#table());
    };
    this.#written = this.#written.then(write);
    return this.#written;
  }

  #record(): SweepRecord {
    const runs = this.planned.map(({ name, varied, key }) => {
      const ending = this.endings.get(key);
      const run = { name, options: varied, key };
      if (!ending) return { ...run, state: "open" as const };
      if ("summary" in ending) return { ...run, state: "finished" as const };
      return { ...run, state: "failed" as const, failure: ending.failure };
    });
    return { apts: aptsVersion(), name: this.name, runs };
  }

  #table(): string {
    const rows = this.planned.flatMap(({ name, varied, key }): RunRow[] => {
      const ending = this.endings.get(key);
      if (!ending) return [];
      const facts = { run: name, ...varied };
      return "summary" in ending
        ? [{ facts, result: ending.summary }]
        : [{ facts, result: undefined, failure: ending.failure }];
    });
    return runsCsv(rows);
  }
}
