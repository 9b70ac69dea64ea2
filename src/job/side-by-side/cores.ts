import { firstOfCores, usableCores, usableCpus } from "../../host/cores.js";
import type { Need, Places } from "./places.js";

/** Cores that runs are bound to: each takes those that the fewest others have. */
export class Cores implements Places<readonly number[]> {
  readonly #runs = new Map<number, number>();
  #running = 0;

  /** @param jobs runs at a time; undefined: as many as have cores of their own */
  constructor(
    readonly all: readonly number[],
    private readonly jobs: number | undefined,
  ) {
    for (const cpu of all) this.#runs.set(cpu, 0);
  }

  /** As many as there are, at most. */
  take({ ranks, threads = 1 }: Need): readonly number[] | undefined {
    const needed = Math.min(ranks * threads, this.all.length);
    const isFull = this.jobs === undefined ? this.#free < needed : this.#running >= this.jobs;
    if (this.#running > 0 && isFull) return undefined;
    const taken = [...this.#runs]
      .sort(([, a], [, b]) => a - b)
      .slice(0, needed)
      .map(([cpu]) => cpu);
    for (const cpu of taken) this.#runs.set(cpu, this.#runs.get(cpu)! + 1);
    this.#running++;
    return taken;
  }

  giveBack(cpus: readonly number[]): void {
    for (const cpu of cpus) this.#runs.set(cpu, this.#runs.get(cpu)! - 1);
    this.#running--;
  }

  /** Those that nobody has. */
  get #free(): number {
    return [...this.#runs.values()].filter((runs) => runs === 0).length;
  }
}

/** Those that this process may use, of hardware threads one a core. */
export function ownCores(jobs: number | undefined): Cores {
  return new Cores(firstOfCores(usableCpus()).slice(0, usableCores()), jobs);
}
