import type { Places } from "./places.js";

/** The whole machine, for one run after another: what is measured must not meet another run. */
export class OneAtATime implements Places<"all of it"> {
  #isTaken = false;

  take(): "all of it" | undefined {
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    return "all of it";
  }

  giveBack(): void {
    this.#isTaken = false;
  }
}
