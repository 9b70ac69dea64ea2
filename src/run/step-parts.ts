import { hostname } from "node:os";
import type { CallTotals } from "../comm/account.js";
import type { Communicator } from "../comm/communicator.js";
import type { CallParts, RankParts, RunParts } from "../report/parts.js";

/** Fewer steps are never enough to compile code in. */
const LEAST_WARM = 5;

/**
 * Steps that are not counted where there are more: half of the first epoch. In them code is compiled, that of messages, too, which on
 * cores that are all taken holds up whoever waits for it.
 */
export function warmSteps(epochSteps: number): number {
  return Math.max(LEAST_WARM, Math.floor(epochSteps / 2));
}

/** Steps of an epoch of which so many are counted. */
export function withWarmSteps(counted: number): number {
  return counted + Math.max(LEAST_WARM, counted);
}

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
  /** What the first steps took: those that are not counted, or fewer, where the run ends with them. */
  readonly #warm: { readonly steps: number; readonly spent: Spent }[] = [];

  constructor(
    private readonly comm: Communicator,
    private readonly epochSteps: number,
  ) {}

  go(): void {
    this.#since = this.#now();
  }

  pause(): void {
    this.#spent = this.#upToNow();
    this.#since = undefined;
  }

  /** A step is done. */
  stepped(): void {
    const steps = ++this.#steps;
    if (steps === LEAST_WARM || steps === warmSteps(this.epochSteps))
      this.#warm.push({ steps, spent: this.#upToNow() });
  }

  /** On rank 0 those of all ranks; undefined where no step was made. Collective. */
  async gather(): Promise<RunParts | undefined> {
    const warm = this.#warm.findLast(({ steps }) => steps < this.#steps);
    const skipped = warm?.steps ?? 0;
    const spent = less(this.#spent, warm?.spent ?? NOTHING);
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
