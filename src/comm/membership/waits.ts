/** Why a call waits: for messages and deadlines. */
export interface Purpose {
  /** "allreduce #12 (10 float32, sum)" */
  describe(): string;
  /** `performance.now()` at which the call gives up. */
  readonly deadline: number;
  /** A head of kind `waiting` that tells the awaited peer which call this is, where it is a collective. */
  readonly notice: Buffer | undefined;
}

export interface Wait {
  readonly peer: number;
  readonly purpose: Purpose;
  readonly since: number;
  readonly reject: (error: Error) => void;
  reminded: number;
  /** Its deadline had passed when the clock last ticked. */
  overdue: boolean;
}

export interface WaitEvents {
  /** A wait has passed its deadline. */
  late(wait: Wait): void;
  /** A wait takes long enough to ask its peer what keeps it. */
  slow(wait: Wait): void;
}

const TICK_MS = 100;
const REMIND_MS = 1000;

/** All that the calls of one rank are waiting for, watched by one clock that runs only while something waits. */
export class Waits {
  readonly #waits = new Set<Wait>();
  #clock: NodeJS.Timeout | undefined;

  constructor(private readonly events: WaitEvents) {}

  /** Waits for `peer` until `begin`'s argument is called or all waits are rejected. */
  begin<T>(peer: number, purpose: Purpose, begin: (settle: (value: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const wait: Wait = { peer, purpose, since: performance.now(), reject, reminded: 0, overdue: false };
      this.#waits.add(wait);
      this.#clock ??= setInterval(() => {
        this.#tick();
      }, TICK_MS);
      begin((value) => {
        this.#waits.delete(wait);
        resolve(value);
      });
    });
  }

  /** Whether something waits for `peer`. */
  any(peer: number): boolean {
    return [...this.#waits].some((wait) => wait.peer === peer);
  }

  /** Ends all waits with the error `reason` gives for each, and the clock. */
  rejectAll(reason: (wait: Wait) => Error): void {
    clearInterval(this.#clock);
    this.#clock = undefined;
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const wait of waits) wait.reject(reason(wait));
  }

  #tick(): void {
    if (this.#waits.size === 0) {
      clearInterval(this.#clock);
      this.#clock = undefined;
      return;
    }
    const now = performance.now();
    for (const wait of this.#waits) {
      if (wait.overdue) {
        this.events.late(wait);
        return;
      }
      // A rank that computed looks up late: between two ticks it reads what has come meanwhile.
      wait.overdue = now >= wait.purpose.deadline;
      if (now - wait.since < TICK_MS || now - wait.reminded < REMIND_MS) continue;
      wait.reminded = now;
      this.events.slow(wait);
    }
  }
}
