import type { Communicator } from "../comm/communicator.js";
import { AptsError } from "../errors.js";
import { normInf, sum } from "../linalg/space.js";
import type { Vector } from "../linalg/vector.js";
import type { StepReport } from "../methods/method.js";
import type { RankNetwork } from "../network/rank-network.js";
import { formatCount, formatMagnitude } from "../report/format.js";
import type { Position } from "./ledger.js";

/** A loss, a gradient or a parameter that a run cannot go on with is not finite. */
export class DivergedError extends AptsError {
  constructor(message: string) {
    super(message);
    delete this.stack; // where in this program it was noticed is of no use to anybody
  }
}

/**
 * Looks after steps and epochs, and before checkpoints, whether a run still deals in numbers. Alike on all ranks; all calls
 * are collective.
 */
export class DivergenceCheck {
  /** @param rate the learning rate, where the method has one */
  constructor(
    private readonly network: Pick<RankNetwork, "layout" | "space">,
    private readonly comm: Communicator,
    private readonly fullBatch: boolean,
    private readonly rate: unknown,
  ) {}

  /**
   * @param from where the step began, when `position` was done
   * @throws DivergedError where it found a loss, or on the full batch a gradient, that is not finite
   */
  async afterStep(
    { loss, gradientNorm }: StepReport,
    from: Vector,
    { epochs, batches }: Position,
  ): Promise<void> {
    const { fullBatch } = this;
    const where = fullBatch
      ? `in epoch ${epochs + 1}`
      : `on mini-batch ${batches + 1} of epoch ${epochs + 1}`;
    if (!Number.isFinite(loss)) {
      if (epochs === 0 && batches === 0) throw await this.#atStart(`${loss} ${where}`, from);
      throw await this.#later(`a finite loss ${where}, got ${loss}`, from);
    }
    // On another mini-batch it may be finite.
    if (fullBatch && !Number.isFinite(gradientNorm))
      throw await this.#later(`a finite gradient ${where}`, from);
  }

  /** @throws DivergedError where the loss on the test set is not finite */
  async afterEpoch(testLoss: number, theta: Vector, epoch: number): Promise<void> {
    if (Number.isFinite(testLoss)) return;
    throw await this.#later(`a finite loss on the test set after epoch ${epoch}, got ${testLoss}`, theta);
  }

  /** @throws DivergedError where θ is no point to go on from */
  async beforeCheckpoint(theta: Vector): Promise<void> {
    if ((await this.#notFinite(theta)) > 0)
      throw await this.#later("finite parameters in the checkpoint to write", theta);
  }

  async #atStart(got: string, theta: Vector): Promise<DivergedError> {
    const { finite, state } = await this.#stateOf(theta);
    const advice = finite ? LOOK_FOR : "Initialise or load the model anew.";
    return new DivergedError(
      `Expected a finite loss at the weights the run starts from, got ${got}: ${state}. ${advice}`,
    );
  }

  async #later(expected: string, theta: Vector): Promise<DivergedError> {
    const { finite, state } = await this.#stateOf(theta);
    const { rate } = this;
    const advice = [
      ...(finite ? [LOOK_FOR] : []),
      ...(typeof rate === "number" ? [`A smaller --learning-rate than ${rate} may help.`] : []),
      "Checkpoints written before are kept.",
    ];
    return new DivergedError(`The training diverged: expected ${expected}: ${state}. ${advice.join(" ")}`);
  }

  async #stateOf(theta: Vector): Promise<{ readonly finite: boolean; readonly state: string }> {
    const { space, layout } = this.network;
    const count = await this.#notFinite(theta);
    if (count === 0) {
      const largest = formatMagnitude(await normInf(space, theta));
      return { finite: true, state: `all parameters are finite, the largest ${largest}` };
    }
    const first = theta.findIndex((value) => !Number.isFinite(value));
    const here = first < 0 ? null : layout.slots.find(({ offset, size }) => first < offset + size)!.name;
    const tensors = await this.comm.allgatherObject(here); // of a network in stages those of the first stage come first
    const tensor = tensors.find((name) => name !== null)!;
    const state = `${formatCount(count)} of ${formatCount(space.dimension)} parameters are not finite, the first in ${tensor}`;
    return { finite: false, state };
  }

  /** How many parameters of the whole network are not finite. */
  async #notFinite(theta: Vector): Promise<number> {
    const here = theta.every(Number.isFinite)
      ? 0
      : theta.reduce((count, value) => (Number.isFinite(value) ? count : count + 1), 0);
    return sum(this.network.space, here);
  }
}

const LOOK_FOR = "Look for samples that are not finite or very large, and for layers that divide by zero.";
