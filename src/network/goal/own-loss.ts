import { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import type { OwnLoss } from "./goal.js";

/**
 * A loss of a program's own, from its source: ranks are processes of their own. It may use `tf`, its arguments, and what
 * JavaScript has everywhere.
 * @throws UsageError where that is no function
 */
export function lossFromSource(source: string): OwnLoss {
  let made: unknown;
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the user's own function, in the user's own processes
    const make = new Function("tf", `"use strict"; return (${source});`) as (library: typeof tf) => unknown;
    made = make(tf);
  } catch (error) {
    throw new UsageError(
      `Expected a loss whose source is a function by itself, got "${short(source)}" (${(error as Error).message}). ` +
        `Write it as (yTrue, yPred) => …, or put it in a module and give its path.`,
      { cause: error },
    );
  }
  if (typeof made !== "function") {
    throw new UsageError(`Expected the source of a function as loss, got "${short(source)}".`);
  }
  return { name: made.name || "own loss", targets: "numbers", ofTensors: made as OwnLoss["ofTensors"] };
}

/**
 * Calls a loss once, on as many rows of zeros and ones as shapes say.
 * @throws UsageError where it fails, gives something else than a loss for each row, or one for all, or has no derivative
 */
export async function tryLoss(
  loss: OwnLoss,
  targetShape: readonly number[],
  outputShape: readonly number[],
): Promise<void> {
  const shape = tf.tidy(() => {
    let made: unknown;
    try {
      made = loss.ofTensors(tf.zeros([2, ...targetShape]), tf.fill([2, ...outputShape], 0.5));
    } catch (error) {
      throw new UsageError(whyFailed(loss.name, (error as Error).message, targetShape, outputShape), {
        cause: error,
      });
    }
    if (made instanceof tf.Tensor) return (made as tf.Tensor).shape;
    throw new UsageError(
      `Expected the loss "${loss.name}" to give a tensor, got ${made === undefined ? "undefined" : `a ${typeof made}`}.`,
    );
  });
  if (shape.length > 0 && shape[0] !== 2) {
    throw new UsageError(
      `Expected the loss "${loss.name}" to give a number for each row, or one for all, got shape [${shape.join(", ")}] for two rows.`,
    );
  }
  await expectSlope(loss, targetShape, outputShape);
}

/** Predictions of several sizes, so that a loss with a margin has a slope at some of them. */
const TRIED = [-30, -3, -0.7, 0.2, 0.4, 0.6, 0.9, 2, 20];

/** @throws UsageError where the loss has no slope anywhere, so that nothing would be minimised */
async function expectSlope(
  loss: OwnLoss,
  targetShape: readonly number[],
  outputShape: readonly number[],
): Promise<void> {
  const rows = 2 * TRIED.length;
  const filled = (shape: readonly number[], value: (i: number) => number) =>
    tf.tensor(
      Float32Array.from({ length: rows * tf.util.sizeFromShape([...shape]) }, (_, i) => value(i)),
      [rows, ...shape],
    );
  const slope = tf.tidy(() => {
    const [y, p] = [filled(targetShape, (i) => i % 2), filled(outputShape, (i) => TRIED[i % TRIED.length]!)];
    try {
      return tf.grad((x) => tf.mean(loss.ofTensors(y, x)))(p);
    } catch {
      return tf.zeros([1]); // nothing leads from predictions to the loss
    }
  });
  const values = await slope.data<"float32">();
  slope.dispose();
  if (values.some((value) => value !== 0)) return;
  throw new UsageError(
    `Expected the loss "${loss.name}" to have a derivative by the predictions, got 0 wherever it was tried. ` +
      `Rounding, argMax and comparisons have none: leave such measures to metrics.`,
  );
}

function whyFailed(
  name: string,
  message: string,
  targetShape: readonly number[],
  outputShape: readonly number[],
): string {
  const missing = /^(\w+) is not defined/.exec(message)?.[1];
  if (missing !== undefined) {
    return (
      `Expected the loss "${name}" to use tf and its arguments alone, since ranks are processes of their own, but it uses "${missing}". ` +
      `Write the value into the function, or put the function in a module and give its path.`
    );
  }
  const shapes = [targetShape, outputShape].map((shape) => `(${["rows", ...shape].join(", ")})`);
  return `Expected the loss "${name}" to take targets ${shapes[0]!} and predictions ${shapes[1]!}, but it failed: ${message.split("\n")[0]!}`;
}

function short(source: string): string {
  const line = source.replaceAll(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
