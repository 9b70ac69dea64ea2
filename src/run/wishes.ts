import { setImmediate as macrotask } from "node:timers/promises";
import type { Communicator } from "../comm/communicator.js";

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

  /** Between two steps. Collective. @param wish this rank's, asked when there is to be an agreement */
  async afterStep(wish: () => Wish): Promise<Wish> {
    const { comm } = this;
    if (++this.#made < this.#pace) return comm.size === 1 ? wish() : "go on";
    await macrotask(); // where nothing else waits for the outside, signals and timers get their turn
    const now = performance.now();
    const fitting = Math.floor((INTERVAL * this.#made) / (now - this.#last));
    const own = Int32Array.of(WISHES.indexOf(wish()), -Math.max(1, Math.min(fitting, 2 * this.#pace)));
    const [strongest, pace] = comm.size === 1 ? own : await comm.allreduce(own, "max");
    this.#pace = -pace!;
    this.#made = 0;
    this.#last = now;
    return WISHES[strongest!]!;
  }
}
