import type { Tensor } from "@tensorflow/tfjs";
import { tf } from "./tensorflow.js";

/** Steps: their derivative is 0 wherever they have one. */
const FLAT = ["Greater", "Less", "LessEqual", "Equal", "NotEqual"];

interface Conv3DAttributes {
  readonly strides: number | [number, number, number];
  readonly pad: "valid" | "same";
}

/** Gives TensorFlow.js the gradients that its own layers need and that it lacks. May be called again. */
export function addMissingGradients(): void {
  for (const kernelName of FLAT) {
    addGradient(kernelName, ["a", "b"], (_, [a, b]) => ({
      a: () => tf.zerosLike(a!),
      b: () => tf.zerosLike(b!),
    }));
  }
  // Of transposed convolutions: linear in both operands.
  addGradient("Conv3DBackpropInputV2", ["dy", "filter"], (ddx, [dy, filter], attributes) => {
    const { strides, pad } = attributes as unknown as Conv3DAttributes;
    const filterShape = filter!.shape;
    return {
      dy: () => tf.conv3d(ddx as tf.Tensor5D, filter as tf.Tensor5D, strides, pad),
      filter: () =>
        tf
          .engine()
          .runKernel<Tensor>("Conv3DBackpropFilterV2", { x: ddx, dy: dy! }, { strides, pad, filterShape }),
    };
  });
}

function addGradient(
  kernelName: string,
  inputsToSave: string[],
  gradFunc: (dy: Tensor, saved: Tensor[], attributes: object) => Record<string, () => Tensor>,
): void {
  if ((tf.getGradient(kernelName) as object | undefined) !== undefined) return;
  tf.registerGradient({
    kernelName,
    inputsToSave,
    gradFunc: (dy, saved, attributes) => gradFunc(dy as Tensor, saved, attributes),
  });
}
