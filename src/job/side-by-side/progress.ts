import { formatPlural, formatRemaining } from "../../report/format.js";
import { printableLine } from "../../terminal.js";

/** What an observer of many runs is told. */
export type ManyEvent =
  | { readonly type: "start"; readonly total: number; readonly done: number }
  | { readonly type: "begins"; readonly name: string }
  | { readonly type: "ends"; readonly name: string; readonly failure: string | undefined };

/** Tells how far many runs have come: "12/60 done, 2 running, 4m left". */
export class ManyProgress {
  #total = 0;
  #done = 0;
  #running = 0;
  #since = performance.now();
  #finished = 0;

  /** @param noun of one of them */
  constructor(private readonly noun: string) {}

  /** What the event is to a person. */
  told(event: ManyEvent): string | undefined {
    switch (event.type) {
      case "start":
        this.#total = event.total;
        this.#done = event.done;
        this.#since = performance.now();
        return `${formatPlural(event.total, this.noun)}${event.done > 0 ? `, ${event.done} of them finished before` : ""}`;
      case "begins":
        this.#running++;
        return undefined;
      case "ends":
        this.#running--;
        this.#done++;
        this.#finished++;
        return event.failure === undefined
          ? undefined
          : printableLine(`${event.name} failed: ${event.failure.split("\n")[0]!}`);
      default:
        return event satisfies never;
    }
  }

  line(): string {
    const seconds = (performance.now() - this.#since) / 1000;
    const left = this.#total - this.#done;
    const remaining =
      this.#finished === 0 ? "" : `, ${formatRemaining((seconds * left) / this.#finished)} left`;
    return `${this.#done}/${this.#total} done, ${this.#running} running${left === 0 ? "" : remaining}`;
  }
}
