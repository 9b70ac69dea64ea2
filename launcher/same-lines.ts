import type { OutputStream } from "./agent/protocol.js";

/** How long a line waits for the same line of other ranks, in milliseconds. */
const WINDOW = 100;
/** How many lines wait at most: a rank that floods its output is slowed down to the reader's pace. */
const MOST_WAITING = 1000;

/** A line, and who said it. */
export interface SharedLine {
  readonly stream: OutputStream;
  readonly line: string;
  /** Rank and host of each who said it, in the order in which they did. */
  readonly speakers: readonly { readonly rank: number; readonly host: string }[];
}

interface Waiting extends SharedLine {
  readonly number: number;
  readonly due: number;
  readonly speakers: { readonly rank: number; readonly host: string }[];
}

/**
 * Holds lines back for a moment, so that a line which many ranks say at about the same time is shown once. Lines are
 * shown in the order in which they were first said, and those of one rank in the order in which it said them.
 */
export class SameLines {
  readonly #show: (lines: readonly SharedLine[]) => Promise<unknown>;
  #waiting: Waiting[] = [];
  /** The last line that waits with this text. */
  readonly #latest = new Map<string, Waiting>();
  /** The number of the last line of each rank. */
  readonly #lastOf = new Map<number, number>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `show` begins to show its lines before it returns. */
  constructor(show: (lines: readonly SharedLine[]) => Promise<unknown>) {
    this.#show = show;
  }

  /** Takes a line; resolves when more may come. Rejects where one could not be shown. */
  async add(rank: number, host: string, stream: OutputStream, line: string): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    const key = keyOf(stream, line);
    const same = this.#latest.get(key);
    if (same && same.number > (this.#lastOf.get(rank) ?? -1)) {
      same.speakers.push({ rank, host });
      this.#lastOf.set(rank, same.number);
      return;
    }
    const due = performance.now() + WINDOW;
    const fresh = { number: this.#count++, due, stream, line, speakers: [{ rank, host }] };
    this.#waiting.push(fresh);
    this.#latest.set(key, fresh);
    this.#lastOf.set(rank, fresh.number);
    if (this.#waiting.length >= MOST_WAITING) await this.flush();
    else this.#timer ??= setTimeout(this.#showDue, WINDOW);
  }

  /** Shows what waits now. Rejects where anything could not be shown. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#showFirst(this.#waiting.length);
    if (this.#failure) throw this.#failure.error;
  }

  readonly #showDue = (): void => {
    this.#timer = undefined;
    const now = performance.now() + 1;
    const next = this.#waiting.findIndex(({ due }) => due > now);
    if (next !== -1) this.#timer = setTimeout(this.#showDue, this.#waiting[next]!.due - now);
    // Whoever adds the next line hears of it.
    this.#showFirst(next === -1 ? this.#waiting.length : next).catch((error: unknown) => {
      this.#failure ??= { error };
    });
  };

  async #showFirst(count: number): Promise<void> {
    const shown = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    for (const line of shown) {
      const key = keyOf(line.stream, line.line);
      if (this.#latest.get(key) === line) this.#latest.delete(key);
    }
    if (shown.length > 0) await this.#show(shown);
  }
}

/** Lines that say the same; Node begins its warnings with the number of the process. */
function keyOf(stream: OutputStream, line: string): string {
  return `${stream} ${line.replace(/^\(node:\d+\)/, "(node)")}`;
}

/** "0-2,5" for ranks 0, 1, 2 and 5, in any order. */
export function rankList(ranks: readonly number[]): string {
  const sorted = [...ranks].sort((a, b) => a - b);
  const runs: [first: number, last: number][] = [];
  for (const rank of sorted) {
    const run = runs.at(-1);
    if (run?.[1] === rank - 1) run[1] = rank;
    else runs.push([rank, rank]);
  }
  return runs.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(",");
}
