/** The share of a run's time that steps may take to be tracked. */
const SHARE = 0.01;
/** A step in each thousandth of the time so far: curves do not show more, and files of long runs stay small. */
const RESOLUTION = 1000;

/** Does a work from time to time: after each, so long not that works take no more than a hundredth of the time. */
export class Pace {
  readonly #began: number;
  #next = -Infinity;

  /** @param clock milliseconds */
  constructor(private readonly clock = (): number => performance.now()) {
    this.#began = clock();
  }

  async whenDue(work: () => Promise<void>): Promise<void> {
    const began = this.clock();
    if (began < this.#next) return;
    try {
      await work();
    } finally {
      const ended = this.clock();
      this.#next = ended + Math.max((ended - began) / SHARE, (ended - this.#began) / RESOLUTION);
    }
  }
}
