import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import type { Heap } from "./heap.js";
import { activations } from "./kernels/activations.js";
import { runKernel } from "./replace.js";

/** What TensorFlow.js's fused kernels do to a product. */
export interface FusedInputs {
  /** (columns) */
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

export interface FusedAttributes {
  readonly activation?: string | null;
  readonly leakyreluAlpha?: number;
}

const activationKernels: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  elu: "Elu",
  sigmoid: "Sigmoid",
  leakyrelu: "LeakyRelu",
  prelu: "Prelu",
};

/** f(product + bias), in the product's own memory where possible; the product is used up. */
export function finishFused(
  heap: Heap,
  product: TensorInfo,
  inputs: FusedInputs,
  attrs: FusedAttributes,
): TensorInfo {
  const { bias, preluActivationWeights } = inputs;
  const activation = attrs.activation ?? "linear";
  const relu = activation === "relu";
  if (bias !== undefined) {
    const columns = product.shape.at(-1)!;
    const rows = tf.util.sizeFromShape(product.shape) / Math.max(columns, 1);
    const kind = relu ? activations.relu : activations.linear;
    heap.kernels.biasActivation(kind, heap.address(product), heap.address(bias), rows, columns, columns);
    if (relu) return product;
  }
  if (activation === "linear") return product;
  const kernel = activationKernels[activation];
  if (kernel === undefined)
    throw new Error(`Expected an activation that fuses with a product, got "${activation}".`);
  const operands = {
    x: product,
    features: product,
    ...(preluActivationWeights ? { alpha: preluActivationWeights } : {}),
  };
  const activated = runKernel(kernel, operands, { alpha: attrs.leakyreluAlpha ?? 0 });
  heap.release(product);
  return activated;
}
