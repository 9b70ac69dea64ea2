import { addFloat32 } from "../../linalg/sum-kernel.js";
import type { Fold } from "../channels/segment.js";
import type { NumericArray, ReduceOp } from "../communicator.js";

/**
 * The fold of an operation. All built-in ones are commutative bit for bit, so that ranks which fold in different
 * orders of two get the same result. `mean` folds as a sum; `complete` divides.
 */
export function foldOf(op: Exclude<ReduceOp, Fold>): Fold {
  switch (op) {
    case "sum":
    case "mean":
      return add;
    case "max":
      return takeMax;
    case "min":
      return takeMin;
  }
}

/** What remains to do when all `ranks` contributions are folded. Integer means round towards zero. */
export function complete(op: ReduceOp, data: NumericArray, ranks: number): void {
  if (op !== "mean" || ranks === 1) return;
  for (let i = 0; i < data.length; i++) data[i] = data[i]! / ranks;
}

function add(a: NumericArray, b: NumericArray): void {
  if (a instanceof Float32Array) addFloat32(a, b as Float32Array);
  else for (let i = 0; i < a.length; i++) a[i] = a[i]! + b[i]!;
}

function takeMax(a: NumericArray, b: NumericArray): void {
  for (let i = 0; i < a.length; i++) a[i] = Math.max(a[i]!, b[i]!);
}

function takeMin(a: NumericArray, b: NumericArray): void {
  for (let i = 0; i < a.length; i++) a[i] = Math.min(a[i]!, b[i]!);
}
