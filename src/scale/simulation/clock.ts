import { setImmediate as quiet } from "node:timers/promises";

interface Event {
  readonly time: number;
  /** Of events at one time the one entered first comes first. */
  readonly number: number;
  readonly happen: () => void;
}

/** Simulated time: events happen in their order, and what they set going comes to rest before the next. */
export class Clock {
  #now = 0;
  #entered = 0;
  readonly #heap: Event[] = [];

  /** Seconds */
  get now(): number {
    return this.#now;
  }

  /** Events that have happened or will. */
  get events(): number {
    return this.#entered;
  }

  /** @param time not before now */
  at(time: number, happen: () => void): void {
    push(this.#heap, { time, number: this.#entered++, happen });
  }

  after(seconds: number): Promise<void> {
    if (seconds === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.at(this.#now + seconds, resolve);
    });
  }

  /** Runs `programs`, which wait for nothing but this clock, to their end. */
  async run(programs: readonly (() => Promise<void>)[]): Promise<void> {
    const outcome = Promise.allSettled(programs.map((program) => program()));
    const ended = { all: false };
    void outcome.then(() => (ended.all = true));
    for (;;) {
      await quiet(); // promises kept by now have had their consequences
      const next = this.#heap[0];
      if (next === undefined) break;
      this.#now = next.time;
      while (this.#heap[0]?.time === next.time) pop(this.#heap)!.happen();
    }
    if (!ended.all)
      throw new Error("Expected all ranks to come to an end, but some wait for what nobody sends.");
    for (const result of await outcome) if (result.status === "rejected") throw result.reason;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.number < b.number);
}

function push(heap: Event[], event: Event): void {
  let at = heap.length;
  for (; at > 0; at = (at - 1) >> 1) {
    const parent = heap[(at - 1) >> 1]!;
    if (!isBefore(event, parent)) break;
    heap[at] = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
