/** Cores that trials are bound to: each takes those that the fewest others have. */
export class Cores {
  readonly #trials = new Map<number, number>();

  constructor(readonly all: readonly number[]) {
    for (const cpu of all) this.#trials.set(cpu, 0);
  }

  /** Those that nobody has. */
  get free(): number {
    return [...this.#trials.values()].filter((trials) => trials === 0).length;
  }

  /** As many as there are, at most. */
  take(count: number): number[] {
    const taken = [...this.#trials]
      .sort(([, a], [, b]) => a - b)
      .slice(0, count)
      .map(([cpu]) => cpu);
    for (const cpu of taken) this.#trials.set(cpu, this.#trials.get(cpu)! + 1);
    return taken;
  }

  giveBack(cpus: readonly number[]): void {
    for (const cpu of cpus) this.#trials.set(cpu, this.#trials.get(cpu)! - 1);
  }
}
