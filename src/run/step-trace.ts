import { hostname } from "node:os";
import type { Communicator } from "../comm/communicator.js";
import type { RankTrace, Span, TracedStep } from "../report/trace.js";

/** The first step that is traced, where a run has so many: code is compiled and memory is there. */
const FIRST_STEP = 10;

/** Questions to rank 0 about its clock, of which the quickest is believed. */
const QUESTIONS = 16;

/** The tag of these messages. */
const CLOCK_TAG = 2 ** 31 - 4;

/** Records what this rank does in a few steps. Outside of them it costs nothing. */
export class StepTrace {
  readonly #steps: TracedStep[] = [];
  /** Of the steps that this process makes, from 1; known when one begins. */
  #first: number | undefined;
  #made = 0;
  #spans: Span[] = [];

  /**
   * @param steps how many; undefined: none
   * @param planned steps of the run
   */
  constructor(
    private readonly comm: Communicator,
    private readonly planned: number,
    private readonly steps = 0,
  ) {}

  /** A step begins, which ends with the agreement to go on. @param done steps of the run before it */
  begin(done: number): void {
    this.#first ??= Math.max(1, Math.min(FIRST_STEP, this.planned - done - this.steps + 1));
    this.#made++;
    if (this.#made < this.#first || this.#made >= this.#first + this.steps) return;
    const { account } = this.comm;
    account.totals(); // enters what was before
    this.#spans = [];
    account.onStretch = (activity, call, begin, end) => {
      const last = this.#spans.at(-1);
      const goesOn = last?.activity === activity && last.call === call;
      if (goesOn) this.#spans[this.#spans.length - 1] = { ...last, end };
      else if (end > begin) this.#spans.push({ activity, call, begin, end });
    };
  }

  /** @param step its number in the run, from 1 */
  end(step: number): void {
    const { account } = this.comm;
    if (!account.onStretch) return;
    account.totals();
    account.onStretch = undefined;
    this.#steps.push({ step, spans: this.#spans });
  }

  /** On rank 0 what all ranks did, on its clock; undefined where nothing was recorded. Collective. */
  async gather(): Promise<RankTrace[] | undefined> {
    if (this.#steps.length === 0) return undefined; // the same on all ranks
    const { offset, uncertainty } = await this.#compareClocks();
    const microseconds = (time: number): number => 1000 * (time + offset);
    const steps = this.#steps.map(({ step, spans }) => ({
      step,
      spans: spans.map(({ begin, end, ...span }) => ({
        ...span,
        begin: microseconds(begin),
        end: microseconds(end),
      })),
    }));
    const { rank } = this.comm;
    return this.comm.gatherObject({ rank, host: hostname(), uncertainty: 1000 * uncertainty, steps });
  }

  /** How far rank 0's clock is ahead of this rank's, in milliseconds, and by how much that may be wrong. */
  async #compareClocks(): Promise<{ offset: number; uncertainty: number }> {
    const { rank, size } = this.comm;
    const clock = new Float64Array(1);
    if (rank === 0) {
      for (let other = 1; other < size; other++) {
        for (let question = 0; question < QUESTIONS; question++) {
          await this.comm.recv(other, CLOCK_TAG, clock);
          await this.comm.send(other, CLOCK_TAG, Float64Array.of(performance.now()));
        }
      }
      return { offset: 0, uncertainty: 0 };
    }
    let [offset, uncertainty] = [0, Infinity];
    for (let question = 0; question < QUESTIONS; question++) {
      const asked = performance.now();
      await this.comm.send(0, CLOCK_TAG, clock);
      const [theirs] = await this.comm.recv(0, CLOCK_TAG, new Float64Array(1));
      const half = (performance.now() - asked) / 2;
      if (half < uncertainty) [offset, uncertainty] = [theirs! - asked - half, half];
    }
    return { offset, uncertainty };
  }
}
