import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../errors.js";
import { makeFolder } from "../paths.js";
import { writeWhole } from "../run/folder/files.js";
import type { PlannedTrial } from "./plan.js";
import type { Trial } from "./trial.js";

/** What came out of a run, beside what it was asked for. */
export interface TrialResult extends Pick<Trial, "measurements"> {
  readonly failure?: string | undefined;
  /** From start to end, evaluations and all. */
  readonly wallSeconds: number;
  /** It ran on. */
  readonly cpus: readonly number[];
}

interface Stored extends TrialResult {
  readonly key: string;
  readonly options: PlannedTrial["config"];
  readonly finished: string;
}

/** The finished trials of a folder: a file each, whole or not there. */
export class TrialStore {
  readonly #folder: string;

  constructor(out: string) {
    this.#folder = join(out, "trials");
  }

  async open(): Promise<void> {
    await makeFolder(this.#folder, "the folder of trials");
  }

  /** Undefined where the trial has not been finished. */
  async read(trial: PlannedTrial): Promise<TrialResult | undefined> {
    const path = this.pathOf(trial);
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    try {
      const stored = JSON.parse(text) as Partial<Stored>;
      if (stored.key === trial.key && Array.isArray(stored.measurements)) return stored as Stored;
    } catch {
      // said below
    }
    throw new UsageError(
      `Expected a finished trial in ${path}, found something else. Remove it to run the trial again.`,
    );
  }

  async write(trial: PlannedTrial, result: TrialResult): Promise<void> {
    const stored: Stored = {
      key: trial.key,
      ...result,
      options: trial.config,
      finished: new Date().toISOString(),
    };
    await writeWhole(this.pathOf(trial), `${JSON.stringify(stored, null, 1)}\n`);
  }

  pathOf({ file }: PlannedTrial): string {
    return join(this.#folder, `${file}.json`);
  }
}
