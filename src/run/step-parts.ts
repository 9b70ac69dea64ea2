import { hostname } from "node:os";
import type { CallTotals } from "../comm/account.js";
import type { Communicator } from "../comm/communicator.js";
import type { CallParts, RankParts, RunParts } from "../report/parts.js";

/** Steps that are not counted where there are more: in them code is compiled and memory is met for the first time. */
export const WARM_STEPS = 5;

/** What has been spent up to some moment, in milliseconds. */
interface Spent {
  readonly time: number;
  readonly waiting: number;
  readonly moving: number;
  readonly deciding: number;
  readonly calls: Readonly<Record<string, CallTotals>>;
}

const NOTHING: Spent = { time: 0, waiting: 0, moving: 0, deciding: 0, calls: {} };
const NO_CALLS: CallTotals = { calls: 0, bytes: 0, messages: 0, waiting: 0, moving: 0 };

/** Measures where the time of steps goes, between `go` and `pause`: in them, not in evaluations and checkpoints. */
export class StepParts {
  #spent = NOTHING;
  #since: Spent | undefined;
  #steps = 0;
  #skipped = 0;
  /** What the first steps took. */
  #warm = NOTHING;

  constructor(private readonly comm: Communicator) {}

  go(): void {
    this.#since = this.#now();
  }

  pause(): void {
    this.#spent = this.#upToNow();
    this.#since = undefined;
  }

  /** A step is done. */
  stepped(): void {
    if (++this.#steps !== WARM_STEPS) return;
    this.#warm = this.#upToNow();
    this.#skipped = WARM_STEPS;
  }

  /** On rank 0 those of all ranks; undefined where no step was made. Collective. */
  async gather(): Promise<RunParts | undefined> {
    const hasMore = this.#steps > this.#skipped;
    const skipped = hasMore ? this.#skipped : 0;
    const spent = less(this.#spent, hasMore ? this.#warm : NOTHING);
    const ranks = await this.comm.gatherObject(partsOf(this.comm.rank, spent));
    if (ranks === undefined || this.#steps === 0) return undefined;
    return { steps: this.#steps - skipped, skipped, ranks };
  }

  #now(): Spent {
    const { account } = this.comm;
    const calls = account.totals(); // enters what is under way
    return { time: performance.now(), ...account.spent, calls };
  }

  #upToNow(): Spent {
    return this.#since === undefined ? this.#spent : plus(this.#spent, less(this.#now(), this.#since));
  }
}

function partsOf(rank: number, { time, waiting, moving, deciding, calls }: Spent): RankParts {
  const inSeconds = ({ calls: made, bytes, messages, ...times }: CallTotals): CallParts => ({
    calls: made,
    bytes,
    messages,
    waiting: times.waiting / 1000,
    moving: times.moving / 1000,
  });
  return {
    rank,
    host: hostname(),
    seconds: time / 1000,
    computing: (time - waiting - moving - deciding) / 1000,
    waiting: waiting / 1000,
    moving: moving / 1000,
    deciding: deciding / 1000,
    calls: Object.fromEntries(
      Object.entries(calls)
        .filter(([, { calls: made }]) => made > 0)
        .map(([name, totals]) => [name, inSeconds(totals)]),
    ),
  };
}

function plus(a: Spent, b: Spent): Spent {
  return combined(a, b, (x, y) => x + y);
}

function less(a: Spent, b: Spent): Spent {
  return combined(a, b, (x, y) => x - y);
}

function combined(a: Spent, b: Spent, combine: (x: number, y: number) => number): Spent {
  const names = new Set([...Object.keys(a.calls), ...Object.keys(b.calls)]);
  const call = (name: string): CallTotals => {
    const [one, other] = [a.calls[name] ?? NO_CALLS, b.calls[name] ?? NO_CALLS];
    return {
      calls: combine(one.calls, other.calls),
      bytes: combine(one.bytes, other.bytes),
      messages: combine(one.messages, other.messages),
      waiting: combine(one.waiting, other.waiting),
      moving: combine(one.moving, other.moving),
    };
  };
  return {
    time: combine(a.time, b.time),
    waiting: combine(a.waiting, b.waiting),
    moving: combine(a.moving, b.moving),
    deciding: combine(a.deciding, b.deciding),
    calls: Object.fromEntries([...names].map((name) => [name, call(name)])),
  };
}
