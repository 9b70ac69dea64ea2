import type { SymbolicTensor } from "@tensorflow/tfjs";
import { isFusable } from "../compiled/layers/activation-of.js";
import type { Call } from "./calls.js";

/*
 * Whose results take memory. An evaluator keeps what a backward pass reads: layers that rename dimensions have no values
 * of their own, and zeros around an image and functions of single numbers are part of what comes behind or before.
 */

const RENAMES = new Set(["Flatten", "Reshape"]);
const ALONE = new Set(["Activation", "ReLU"]);

/** Of each call, whether its results are its own. */
export function haveResults(calls: readonly Call[]): boolean[] {
  const readers = new Map<SymbolicTensor, Call[]>();
  for (const call of calls)
    for (const input of call.inputs) readers.set(input, [...(readers.get(input) ?? []), call]);
  const makers = new Map(calls.flatMap((call) => call.outputs.map((output) => [output, call] as const)));
  return calls.map(({ layer, inputs, outputs }) => {
    const kind = layer.getClassName();
    if (RENAMES.has(kind)) return false;
    const behind = readers.get(outputs[0]!) ?? [];
    if (kind === "ZeroPadding2D") return !behind.every((call) => call.layer.getClassName().includes("Conv"));
    if (!ALONE.has(kind) || !makers.has(inputs[0]!)) return true;
    const { activation = "relu" } = layer.getConfig();
    return !(isFusable(activation as never) && readers.get(inputs[0]!)!.length === 1);
  });
}
