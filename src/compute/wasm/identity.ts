import type { TensorInfo } from "@tensorflow/tfjs";
import type { Heap } from "./heap.js";
import { replaceKernel } from "./replace.js";

/** The shipped Identity copies, and so does a cast to what a tensor is; tensors never change, so another reference will do. */
export function replaceIdentity(heap: Heap): void {
  replaceKernel<{ x: TensorInfo }, object>("Identity", ({ inputs: { x } }) => heap.alias(x, x.shape));
  replaceKernel<{ x: TensorInfo }, { dtype: string }>("Cast", (call, shipped) => {
    const { x } = call.inputs;
    return call.attrs.dtype === x.dtype ? heap.alias(x, x.shape) : shipped(call);
  });
}
