import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Communicator } from "../comm/communicator.js";
import type { ModelFiles } from "../network/model-file.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";
import type { RankPlace } from "./place.js";

/** What of a run is otherwise where a program's `fit` has started it, and takes part in it. */
export interface FitManner {
  /** Mini-batches hold the samples in their order. */
  readonly inOrder: boolean;
  /** Metrics are measured on the training samples, too. */
  readonly measuresTraining: boolean;
  /** Samples come anew for each epoch, a file a mini-batch; where they do, what the first epoch's are. */
  readonly streamed?: StreamedSamples | undefined;
  /** Every step is told. */
  readonly tellsSteps: boolean;
  /**
   * Where the program says a word before the first epoch and after each: the folder that the model is written into
   * before that.
   */
  readonly waits?: { readonly modelTo: string } | undefined;
}

/** The samples of one epoch: a folder that holds those of mini-batch b, from 0 on, as `b.apts` (dataset-file.ts). */
export interface StreamedSamples {
  readonly folder: string;
  readonly count: number;
}

/** What the program is told beside the events of every run, on rank 0. */
export type ProgramEvent =
  | { readonly type: "begin" }
  | { readonly type: "step"; readonly batch: number; readonly size: number; readonly loss: number }
  | {
      readonly type: "epoch end";
      readonly metrics: EpochMetrics;
      /** Of the training samples, by name, at the epoch's end. */
      readonly training: Readonly<Record<string, number>>;
      /** Why no other epoch follows. */
      readonly ended: Summary["ended"] | undefined;
    };

/** What the program says when it was told that an epoch is over, or the first may begin. */
export interface Word {
  readonly goOn: boolean;
  /** Of the next epoch. */
  readonly samples?: StreamedSamples | undefined;
}

/** The way from rank 0 to the program. */
export interface ProgramLine {
  tell(event: ProgramEvent): void;
  next(): Promise<Word>;
}

/** Ranks that wait for the program hear of each other so many times before their deadline. */
const SIGNS_OF_LIFE = 4;

/** The program's part in a run; none where it has not asked for one. */
export class ProgramPart {
  readonly manner: FitManner | undefined;
  readonly #comm: Communicator;
  readonly #line: ProgramLine | undefined;
  readonly #stop: AbortSignal | undefined;
  /** Of the epoch that is next, or under way. */
  #samples: StreamedSamples | undefined;

  /** @param timeoutSeconds deadline of a communication call */
  constructor(
    private readonly timeoutSeconds: number,
    { comm, handedOver, program, stop }: Pick<RankPlace, "comm" | "handedOver" | "program" | "stop">,
  ) {
    this.manner = handedOver?.fit;
    this.#samples = this.manner?.streamed;
    this.#comm = comm;
    this.#line = program;
    this.#stop = stop;
  }

  get samples(): StreamedSamples | undefined {
    return this.#samples;
  }

  /**
   * Tells the program, and waits for its word where it has asked for that. Collective.
   * @param model as it stands, which it may then look at
   * @returns why the run is to end; undefined where it goes on
   */
  async turn(
    event: ProgramEvent,
    model?: () => Promise<ModelFiles>,
  ): Promise<"program" | "stopped" | undefined> {
    const { waits, streamed } = this.manner ?? {};
    // Told that an epoch is over, the program takes its samples away: a rank that lags behind has read them by then.
    if (streamed) await this.#comm.barrier();
    if (this.#line && waits && model) {
      for (const [name, content] of Object.entries(await model()))
        await writeFile(join(waits.modelTo, name), content as string | Uint8Array);
    }
    if (this.manner) this.#line?.tell(event);
    if (!waits) return undefined;
    const next = this.#line?.next();
    for (;;) {
      const heard = await this.#comm.broadcastObject(next && (await this.#heard(next)));
      if (heard === "nothing yet") continue;
      if (typeof heard === "string") return heard;
      this.#samples = heard.samples ?? this.#samples;
      return heard.goOn ? undefined : "program";
    }
  }

  tellStep(step: { readonly batch: number; readonly size: number; readonly loss: number }): void {
    if (this.manner?.tellsSteps) this.#line?.tell({ type: "step", ...step });
  }

  async #heard(next: Promise<Word>): Promise<Word | "stopped" | "nothing yet"> {
    if (this.#stop?.aborted) return "stopped";
    const over = new AbortController();
    const pause = (this.timeoutSeconds / SIGNS_OF_LIFE) * 1000;
    const asked = (): void => {
      over.abort();
    };
    this.#stop?.addEventListener("abort", asked);
    try {
      const word = await Promise.race([
        next,
        sleep(pause, undefined, { signal: over.signal }).catch(() => undefined),
      ]);
      if (word) return word;
      return this.#stop?.aborted ? "stopped" : "nothing yet";
    } finally {
      this.#stop?.removeEventListener("abort", asked);
      over.abort();
    }
  }
}
