import { firstOfCores, usableCores, usableCpus } from "../../host/cores.js";
import { visibleGpus } from "../../host/gpus.js";
import type { Need, Places } from "./places.js";

/** What a run has of this machine. */
export interface OwnPlace {
  readonly cpus: readonly number[];
  /** Values for CUDA_VISIBLE_DEVICES, of which its ranks take theirs in turn; none where the machine has none. */
  readonly gpus: readonly string[];
}

/** Cores that runs are bound to, and GPUs: each takes those that the fewest others have. */
export class Cores implements Places<OwnPlace> {
  readonly #cpus: Shared<number>;
  readonly #gpus: Shared<string>;
  #running = 0;

  /** @param jobs runs at a time; undefined: as many as have cores of their own */
  constructor(
    readonly all: readonly number[],
    private readonly jobs: number | undefined,
    gpus: readonly string[] = [],
  ) {
    this.#cpus = new Shared(all);
    this.#gpus = new Shared(gpus);
  }

  /** As many as there are, at most. */
  take({ ranks, threads = 1 }: Need): OwnPlace | undefined {
    const needed = Math.min(ranks * threads, this.all.length);
    const isFull = this.jobs === undefined ? this.#cpus.unused < needed : this.#running >= this.jobs;
    if (this.#running > 0 && isFull) return undefined;
    this.#running++;
    return { cpus: this.#cpus.take(needed), gpus: this.#gpus.take(ranks) };
  }

  giveBack({ cpus, gpus }: OwnPlace): void {
    this.#cpus.giveBack(cpus);
    this.#gpus.giveBack(gpus);
    this.#running--;
  }
}

/** Things that more runs than one may have, and by how many each is had. */
class Shared<Thing> {
  readonly #runs: Map<Thing, number>;

  constructor(all: readonly Thing[]) {
    this.#runs = new Map(all.map((thing) => [thing, 0]));
  }

  /** Those that nobody has. */
  get unused(): number {
    return [...this.#runs.values()].filter((runs) => runs === 0).length;
  }

  /** So many, where there are as many: those that the fewest have. */
  take(count: number): Thing[] {
    const taken = [...this.#runs]
      .sort(([, a], [, b]) => a - b)
      .slice(0, count)
      .map(([thing]) => thing);
    for (const thing of taken) this.#runs.set(thing, this.#runs.get(thing)! + 1);
    return taken;
  }

  giveBack(things: readonly Thing[]): void {
    for (const thing of things) this.#runs.set(thing, this.#runs.get(thing)! - 1);
  }
}

/** Those that this process may use, of hardware threads one a core. */
export function ownCores(jobs: number | undefined): Cores {
  return new Cores(firstOfCores(usableCpus()).slice(0, usableCores()), jobs, visibleGpus(process.env));
}
