import type { Vector } from "../linalg/vector.js";

/** Mostly: a step makes no list of them. */
const NONE: readonly number[] = [];

/** The numbers of the inputs whose gradients are asked for, as `Evaluator.gradient` is asked. */
export function wantedInputs(byInput: readonly (Vector | undefined)[] | undefined): readonly number[] {
  return byInput?.flatMap((vector, i) => (vector ? i : [])) ?? NONE;
}
