import { formatRemaining } from "../report/format.js";
import { printableLine } from "../terminal.js";
import type { ArenaEvent } from "./compare.js";
import type { PlannedTrial } from "./plan.js";

/** Tells how far an arena has come: "12/60 done, 2 running, 4m left". */
export class ArenaProgress {
  #total = 0;
  #done = 0;
  readonly #running = new Set<PlannedTrial>();
  #since = performance.now();
  #finished = 0;

  /** What the event is to a person. */
  told(event: ArenaEvent): string | undefined {
    switch (event.type) {
      case "start":
        this.#total = event.total;
        this.#done = event.done;
        this.#since = performance.now();
        return `${event.total} trials${event.done > 0 ? `, ${event.done} of them finished before` : ""}`;
      case "trial begins":
        this.#running.add(event.trial);
        return undefined;
      case "trial ends": {
        this.#running.delete(event.trial);
        this.#done++;
        this.#finished++;
        const { failure } = event.result;
        return failure === undefined ? undefined : `${nameOf(event.trial)} failed: ${printableLine(failure)}`;
      }
      default:
        return event satisfies never;
    }
  }

  line(): string {
    const seconds = (performance.now() - this.#since) / 1000;
    const left = this.#total - this.#done;
    const remaining =
      this.#finished === 0 ? "" : `, ${formatRemaining((seconds * left) / this.#finished)} left`;
    return `${this.#done}/${this.#total} done, ${this.#running.size} running${left === 0 ? "" : remaining}`;
  }
}

/** "mnist, adam learningRate=0.001, seed 2" */
function nameOf({ workload, method, candidate, seed }: PlannedTrial): string {
  const chosen = Object.entries(candidate).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return printableLine(`${workload}, ${method}${chosen.join("")}, seed ${seed}`);
}
