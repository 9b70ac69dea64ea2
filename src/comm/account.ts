/** What calls of one kind have come to on this rank since it started; times in milliseconds. */
export interface CallTotals {
  /** Made by this rank: of point-to-point messages, sends and receives. */
  readonly calls: number;
  /** Payload that this rank has sent. */
  readonly bytes: number;
  /** Sent by it, each however many segments it was cut in. */
  readonly messages: number;
  /** Nothing moved: a peer was late, or its first byte on the way. */
  readonly waiting: number;
  /** Messages were taken, folded, handed over, or read by their receivers. */
  readonly moving: number;
}

/** Point-to-point messages in an account, sent and received. */
export const POINT_TO_POINT = "pointToPoint";

/** What a rank does at a moment, none within another. */
export type Activity = "computing" | "waiting" | "moving" | "deciding";

/** Told of each stretch of one activity when it ends; `performance.now()` of this rank. */
export type OnStretch = (activity: Activity, call: string | undefined, begin: number, end: number) => void;

type Counts = { -readonly [Name in keyof CallTotals]: CallTotals[Name] };

/**
 * Where the time of a rank goes as far as it is not its own: to waiting for the others, to moving what they exchange, and to
 * decisions that rank 0 takes for all. What remains is computing. It costs a look at the clock where a call begins and
 * ends, and where it starts and ends to wait.
 */
export class CallAccount {
  /** Of all calls, but for those within decisions, which count to `deciding` whole; in milliseconds. */
  readonly spent = { waiting: 0, moving: 0, deciding: 0 };
  /** Set while stretches are to be told of. */
  onStretch: OnStretch | undefined;
  readonly #counts = new Map<string, Counts>();
  /** Calls under way, the one that was made last at the end. */
  readonly #calls: string[] = [];
  /** Messages that calls wait for, of which nothing has come. */
  #awaited = 0;
  /** Messages of which a part has come. */
  #arriving = 0;
  #decisions = 0;
  #since = performance.now();

  /** What each kind of call has come to, up to now. */
  totals(): Readonly<Record<string, CallTotals>> {
    this.#charge();
    return Object.fromEntries([...this.#counts].map(([call, counts]) => [call, { ...counts }]));
  }

  made(call: string): void {
    this.#of(call).calls++;
  }

  /** Runs what the rank waits for in such a call: until its promise is kept, it is not computing. */
  async within<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.#charge();
    this.#calls.push(call);
    try {
      return await work();
    } finally {
      this.#charge();
      this.#calls.splice(this.#calls.lastIndexOf(call), 1);
    }
  }

  /** @param endsMessage whether these are the last bytes of a message */
  sent(call: string, bytes: number, endsMessage: boolean): void {
    const counts = this.#of(call);
    counts.bytes += bytes;
    if (endsMessage) counts.messages++;
  }

  /** A call waits for a message of which nothing has come. */
  awaits(): void {
    this.#charge();
    this.#awaited++;
  }

  /** What it waited for begins to come, or will not. */
  awaited(): void {
    this.#charge();
    this.#awaited--;
  }

  /** A message of which a part is there is being taken. */
  takes(): void {
    this.#charge();
    this.#arriving++;
  }

  taken(): void {
    this.#charge();
    this.#arriving--;
  }

  /** This rank is about to wait until what it has sent is read. */
  flushes(): void {
    this.#charge();
  }

  /** That has been read, which took its reader `took` from when it asked for it: before, this rank waited for that. */
  flushed(took: number): void {
    const isMoving = this.#activity() === "moving";
    const asked = isMoving ? Math.max(this.#since, performance.now() - took) : this.#since;
    if (asked > this.#since) this.#add("waiting", asked);
    this.#charge();
  }

  /** Runs what decides for all ranks. */
  deciding<T>(decide: () => T | Promise<T>): T | Promise<T> {
    this.#charge();
    this.#decisions++;
    const end = (): void => {
      this.#charge();
      this.#decisions--;
    };
    let decided: T | Promise<T>;
    try {
      decided = decide();
    } catch (error) {
      end();
      throw error;
    }
    if (decided instanceof Promise) return decided.finally(end);
    end();
    return decided;
  }

  #activity(): "computing" | "waiting" | "moving" {
    if (this.#calls.length === 0) return "computing";
    return this.#awaited > 0 && this.#arriving === 0 ? "waiting" : "moving";
  }

  /** Enters what this rank has done since it was last entered. */
  #charge(): void {
    this.#add(this.#activity(), performance.now());
  }

  #add(activity: "computing" | "waiting" | "moving", until: number): void {
    const time = until - this.#since;
    const call = this.#calls.at(-1);
    const kind = this.#decisions > 0 ? "deciding" : activity;
    if (kind !== "computing") this.spent[kind] += time;
    if (call !== undefined && activity !== "computing") this.#of(call)[activity] += time;
    this.onStretch?.(kind, call, this.#since, until);
    this.#since = until;
  }

  #of(call: string): Counts {
    let counts = this.#counts.get(call);
    if (counts === undefined) {
      counts = { calls: 0, bytes: 0, messages: 0, waiting: 0, moving: 0 };
      this.#counts.set(call, counts);
    }
    return counts;
  }
}
