import { sizeOf } from "../../data/dataset.js";
import type { CompiledNetwork } from "./compile.js";

/** A weight takes part in a sum forward and two backward, each a product and a sum. */
const OPERATIONS = 6;

/** Floating point operations of a sample's gradient, about: those that weights take part in, at each place they are used. */
export function gradientCost({ operations, inputSizes, variables }: CompiledNetwork): number {
  const sizeOfResult = (i: number) => (i === 0 ? inputSizes[0]! : operations[i - 1]!.size);
  let uses = 0;
  for (const { inputs, weights, positions } of operations) {
    if (weights.length === 0) continue;
    const shapes = weights.map((weight) => variables[weight]!.shape);
    const read = inputs.reduce((sum, input) => sum + sizeOfResult(input), 0);
    const places = positions ?? Math.ceil(read / Math.max(1, shapes[0]!.at(-2) ?? shapes[0]![0]));
    uses += places * shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  }
  return OPERATIONS * uses;
}
