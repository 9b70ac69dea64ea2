import type { OutputStream } from "./agent/protocol.js";

/** How long a line waits for the same line of other ranks, in milliseconds. */
const WINDOW = 100;
/** How many lines wait at most: a rank that floods its output is slowed down to the reader's pace. */
const MOST_WAITING = 1000;

/** A line, and who said it: the host of each rank, in the order in which they did. */
export interface SharedLine {
  readonly stream: OutputStream;
  readonly line: string;
  readonly speakers: ReadonlyMap<number, string>;
}

interface Waiting extends SharedLine {
  /** Equal for lines that say the same. */
  readonly key: string;
  readonly due: number;
  readonly speakers: Map<number, string>;
}

/**
 * Holds lines back for a moment, so that a line which many ranks say at about the same time is shown once. Lines are
 * shown in the order in which they were first said, and those of one rank in the order in which it said them.
 */
export class SameLines {
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `show` begins to show its lines before it returns. */
  constructor(private readonly show: (lines: readonly SharedLine[]) => Promise<unknown>) {}

  /** Takes a line; resolves when more may come. Rejects where one could not be shown. */
  async add(rank: number, host: string, stream: OutputStream, line: string): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    // Node begins its warnings with the number of the process.
    const key = `${stream} ${line.replace(/^\(node:\d+\)/, "(node)")}`;
    const itsLast = this.#waiting.findLastIndex(({ speakers }) => speakers.has(rank));
    const same = this.#waiting.slice(itsLast + 1).findLast((waiting) => waiting.key === key);
    if (same) {
      same.speakers.set(rank, host);
      return;
    }
    const due = performance.now() + WINDOW;
    this.#waiting.push({ key, due, stream, line, speakers: new Map([[rank, host]]) });
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
    const shown = this.#waiting.splice(0, count);
    if (shown.length > 0) await this.show(shown);
  }
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
