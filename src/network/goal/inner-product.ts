import { sizeOf } from "../../data/dataset.js";
import { innerProduct } from "../losses/inner-product.js";
import type { OutputGoal } from "./goal.js";

/** What an output is for that other stages of a network go on from: ⟨c, output⟩, the whole of it as one row. */
export function innerProductGoal(name: string, shape: readonly number[]): OutputGoal {
  return {
    name,
    loss: innerProduct,
    folded: undefined,
    link: "none",
    reported: innerProduct,
    weight: 1,
    metrics: [],
    targetShape: shape,
    width: sizeOf(shape),
    positions: 1,
  };
}
