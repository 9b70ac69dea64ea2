import { decodeEvent, type RankEvent } from "../src/rank/events.js";
import type { FromAgent, OutputStream } from "./agent/protocol.js";
import { deferred } from "./waiting.js";
import type { WriteLine } from "./output.js";
import type { Placement } from "./placement.js";
import type { StopSignal } from "./stop-requests.js";
import { judgeJob, judgeRank, type Ending, type RankRecord, type Verdict } from "./verdict.js";

/** How many lines of a rank's standard error are kept for the report of its failure. */
const KEPT_LINES = 20;

/** Follows the ranks of one start of a job through what their agents say. */
export class Job {
  readonly #records: RankRecord[];
  /** In the order in which their failure became known. */
  readonly #failed: number[] = [];
  readonly #troubled = deferred<undefined>();
  readonly #caused = deferred<undefined>();
  readonly #over = deferred<undefined>();
  #stoppedBy: StopSignal | undefined;

  /** Resolves when the first rank fails; rejects when `onEvent` or `onOutput` throws. */
  readonly troubled = this.#troubled.promise;
  /** Resolves when a rank is known to have failed by itself. */
  readonly caused = this.#caused.promise;
  /** Resolves when all ranks have ended. */
  readonly over = this.#over.promise;

  constructor(
    placements: readonly Placement[],
    private readonly onEvent: (rank: number, event: RankEvent) => void,
    private readonly onOutput: WriteLine,
  ) {
    this.#records = placements.map((placement) => ({ placement, errorOutput: [] }));
  }

  /** Ranks that others miss, and that have not ended: they hang, or their host does. */
  get silent(): readonly number[] {
    const missed = new Set(this.#records.map(({ error }) => error?.silent));
    return this.#records.flatMap(({ placement: { rank }, ending, error }) =>
      missed.has(rank) && !ending && !error ? [rank] : [],
    );
  }

  /** From now on ranks that end, or miss each other, do as they were asked by the user. */
  userStops(signal: StopSignal): void {
    this.#stoppedBy ??= signal;
  }

  /** Gives up on ranks that have not ended, on some hosts or all. */
  abandon(message: string, hosts?: readonly string[]): void {
    for (const { placement, ending } of this.#records) {
      if (!ending && hosts?.includes(placement.host) !== false)
        this.#end(placement.rank, { type: "lost", message });
    }
  }

  verdict(): Verdict {
    return judgeJob(
      this.#records,
      this.#failed.map((rank) => this.#records[rank]!),
      this.#stoppedBy,
    );
  }

  /** Takes what an agent says. */
  async handle(message: FromAgent): Promise<void> {
    try {
      await this.#follow(message);
    } catch (error) {
      this.#troubled.reject(error as Error);
    }
  }

  async #follow(message: FromAgent): Promise<void> {
    switch (message.type) {
      case "hello":
        return;
      case "started":
        this.#update(message.rank, { pid: message.pid });
        return;
      case "notStarted":
      case "ended":
        this.#end(message.rank, message);
        return;
      case "output":
        for (const line of message.lines) await this.#output(message.rank, message.stream, line);
        return;
      case "lost":
        this.abandon(message.message, message.hosts);
        return;
      default:
        message satisfies never;
    }
  }

  async #output(rank: number, stream: OutputStream, line: string): Promise<void> {
    const event = stream === "stdout" ? decodeEvent(line) : undefined;
    const { placement, error, errorOutput } = this.#records[rank]!;
    if (event) {
      if (event.type === "error" && (error?.consequence ?? true)) this.#update(rank, { error: event.error });
      this.onEvent(rank, event);
      return;
    }
    if (stream === "stderr") {
      this.#update(rank, { errorOutput: [...errorOutput.slice(1 - KEPT_LINES), line] });
    }
    await this.onOutput(rank, placement.host, stream, line);
  }

  #end(rank: number, ending: Ending): void {
    this.#update(rank, { ending });
    if (this.#records.every((record) => record.ending)) this.#over.resolve(undefined);
  }

  #update(rank: number, news: Partial<RankRecord>): void {
    const record = { ...this.#records[rank]!, ...news };
    this.#records[rank] = record;
    const kind = judgeRank(record);
    // Ranks that miss others once the user has asked all to stop: no failure.
    if (kind === "none" || (kind === "consequence" && this.#stoppedBy)) return;
    if (!this.#failed.includes(rank)) this.#failed.push(rank);
    this.#troubled.resolve(undefined);
    if (kind === "cause") this.#caused.resolve(undefined);
  }
}
