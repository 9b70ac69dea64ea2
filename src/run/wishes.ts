import { setImmediate as macrotask } from "node:timers/promises";
import type { Communicator } from "../comm/communicator.js";
import { AptsError } from "../errors.js";

/** What the ranks may want between two steps; of several wishes the last named here is granted. */
const WISHES = ["go on", "checkpoint", "stop"] as const;
export type Wish = (typeof WISHES)[number];

/** Between two steps: the wish of any rank becomes everybody's. Collective, 4 bytes all-reduced. */
export async function agree(comm: Communicator, wish: Wish): Promise<Wish> {
  await macrotask(); // where nothing else waits for the outside, signals and timers get their turn
  if (comm.size === 1) return wish;
  const [strongest] = await comm.allreduce(Int32Array.of(WISHES.indexOf(wish)), "max");
  return WISHES[strongest!]!;
}

/** Milliseconds from one agreement to the next, about: nobody notices that a wish waits so long. */
const INTERVAL = 10;

/**
 * Agreement between steps that may be much shorter than the messages it takes: after as many steps as last about
 * `INTERVAL` on the slowest rank, after each one where steps take longer. A rank alone is granted every wish at once.
 */
export class Agreement {
  /** Steps from the last agreement to the next. */
  #pace = 1;
  #made = 0;
  #last = performance.now();

  constructor(private readonly comm: Communicator) {}

  /**
   * Between two steps. Collective.
   * @param wish this rank's, asked when there is to be an agreement
   * @param sum of the losses so far, which is the same on all ranks unless they do not compute alike
   * @throws AptsError on all ranks where it is not
   */
  async afterStep(wish: () => Wish, sum: number): Promise<Wish> {
    const { comm } = this;
    if (++this.#made < this.#pace) return comm.size === 1 ? wish() : "go on";
    await macrotask(); // where nothing else waits for the outside, signals and timers get their turn
    const fitting = Math.floor((INTERVAL * this.#made) / (performance.now() - this.#last));
    const next = Math.max(1, Math.min(fitting, 2 * this.#pace));
    const mark = markOf(sum);
    const own = Int32Array.of(WISHES.indexOf(wish()), -next, mark, -mark);
    const [strongest, pace, most, least] = comm.size === 1 ? own : await comm.allreduce(own, "max");
    if (most !== -least!) {
      throw new AptsError(
        "Expected the same losses on all ranks, got others on some: they do not compute alike. " +
          "Give --blas none to compute without a library of the system, or hosts of one kind; a model's module must make the same weights on all ranks.",
      );
    }
    this.#pace = -pace!;
    this.#made = 0;
    this.#last = performance.now(); // the wait for others was no step: where hosts are busy it would keep agreements frequent
    return WISHES[strongest!]!;
  }
}

/** A whole number of 31 bits for every bit of `value`. */
function markOf(value: number): number {
  const [low, high] = new Int32Array(Float64Array.of(value).buffer);
  return (low! ^ high!) & 0x7fffffff;
}
