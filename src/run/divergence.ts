import { AptsError } from "../errors.js";
import { normInf } from "../linalg/reductions.js";
import type { Vector } from "../linalg/vector.js";
import type { StepReport } from "../methods/method.js";
import type { ParameterLayout } from "../network/layout.js";
import { formatCount, formatMagnitude } from "../report/format.js";
import type { Position } from "./ledger.js";

/** A loss, a gradient or a parameter that a run cannot go on with is not finite. */
export class DivergedError extends AptsError {
  constructor(message: string) {
    super(message);
    delete this.stack; // where in this program it was noticed is of no use to anybody
  }
}

/** Looks after steps and epochs, and before checkpoints, whether a run still deals in numbers. Alike on all ranks. */
export class DivergenceCheck {
  /** @param rate the learning rate, where the method has one */
  constructor(
    private readonly layout: ParameterLayout,
    private readonly fullBatch: boolean,
    private readonly rate: unknown,
  ) {}

  /**
   * @param from where the step began, when `position` was done
   * @throws DivergedError where it found a loss, or on the full batch a gradient, that is not finite
   */
  afterStep({ loss, gradientNorm }: StepReport, from: Vector, { epochs, batches }: Position): void {
    const { fullBatch } = this;
    const where = fullBatch
      ? `in epoch ${epochs + 1}`
      : `on mini-batch ${batches + 1} of epoch ${epochs + 1}`;
    if (!Number.isFinite(loss)) {
      if (epochs === 0 && batches === 0) throw this.#atStart(`${loss} ${where}`, from);
      throw this.#later(`a finite loss ${where}, got ${loss}`, from);
    }
    // On another mini-batch it may be finite.
    if (fullBatch && !Number.isFinite(gradientNorm)) throw this.#later(`a finite gradient ${where}`, from);
  }

  /** @throws DivergedError where the loss on the test set is not finite */
  afterEpoch(testLoss: number, theta: Vector, epoch: number): void {
    if (Number.isFinite(testLoss)) return;
    throw this.#later(`a finite loss on the test set after epoch ${epoch}, got ${testLoss}`, theta);
  }

  /** @throws DivergedError where θ is no point to go on from */
  beforeCheckpoint(theta: Vector): void {
    if (!theta.every(Number.isFinite))
      throw this.#later("finite parameters in the checkpoint to write", theta);
  }

  #atStart(got: string, theta: Vector): DivergedError {
    const { finite, state } = this.#stateOf(theta);
    const advice = finite ? LOOK_FOR : "Initialise or load the model anew.";
    return new DivergedError(
      `Expected a finite loss at the weights the run starts from, got ${got}: ${state}. ${advice}`,
    );
  }

  #later(expected: string, theta: Vector): DivergedError {
    const { finite, state } = this.#stateOf(theta);
    const { rate } = this;
    const advice = [
      ...(finite ? [LOOK_FOR] : []),
      ...(typeof rate === "number" ? [`A smaller --learning-rate than ${rate} may help.`] : []),
      "Checkpoints written before are kept.",
    ];
    return new DivergedError(`The training diverged: expected ${expected}: ${state}. ${advice.join(" ")}`);
  }

  #stateOf(theta: Vector): { readonly finite: boolean; readonly state: string } {
    const first = theta.findIndex((value) => !Number.isFinite(value));
    if (first === -1) {
      return {
        finite: true,
        state: `all parameters are finite, the largest ${formatMagnitude(normInf(theta))}`,
      };
    }
    const count = theta.reduce((sum, value) => (Number.isFinite(value) ? sum : sum + 1), 0);
    const tensor = this.layout.slots.find(({ offset, size }) => first < offset + size)!;
    const state = `${formatCount(count)} of ${formatCount(theta.length)} parameters are not finite, the first in ${tensor.name}`;
    return { finite: false, state };
  }
}

const LOOK_FOR = "Look for samples that are not finite or very large, and for layers that divide by zero.";
