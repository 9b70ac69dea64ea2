/** How often the limit is asked for: it may be changed while the job runs. */
const ASK_EVERY = 60_000;
/** What must be left for the end of the run when it stops, in seconds: checkpoint, test set, model. */
const RESERVE = 30;

/** The time limit of the job this process is part of, where it has one. */
export class TimeLimit {
  #end = Infinity;
  #longestStep = 0;
  #lastStep = performance.now();

  /** @param secondsLeft asks how long the job may still run; undefined: without limit */
  constructor(private readonly secondsLeft: (() => Promise<number | undefined>) | undefined) {
    if (!secondsLeft) return;
    void this.#ask();
    setInterval(() => void this.#ask(), ASK_EVERY).unref();
  }

  /** Called after every step: whether another one, twice as long as the longest yet, might come too late. */
  isNear(): boolean {
    const now = performance.now();
    this.#longestStep = Math.max(this.#longestStep, now - this.#lastStep);
    this.#lastStep = now;
    return now + 2 * this.#longestStep + RESERVE * 1000 > this.#end;
  }

  async #ask(): Promise<void> {
    const asked = performance.now();
    const left = await this.secondsLeft!();
    this.#end = left === undefined ? Infinity : asked + left * 1000;
  }
}
