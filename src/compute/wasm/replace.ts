import type { KernelFunc, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";

export interface KernelCall<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
}

/** Gives the WebAssembly backend another kernel for `name`. `shipped` runs the one it came with. */
export function replaceKernel<Inputs extends object, Attributes extends object>(
  name: string,
  kernel: (
    call: KernelCall<Inputs, Attributes>,
    shipped: (call: KernelCall<Inputs, Attributes>) => TensorInfo | TensorInfo[],
  ) => TensorInfo | TensorInfo[],
): void {
  const shipped = tf.getKernel(name, "wasm").kernelFunc;
  const replacement: KernelFunc = ({ inputs, attrs, backend }) =>
    kernel({ inputs: inputs as unknown as Inputs, attrs: attrs as unknown as Attributes }, (call) =>
      shipped({
        inputs: call.inputs as unknown as NamedTensorInfoMap,
        attrs: call.attrs as unknown as NamedAttrMap,
        backend,
      }),
    );
  tf.unregisterKernel(name, "wasm");
  tf.registerKernel({ kernelName: name, backendName: "wasm", kernelFunc: replacement });
}

/** Runs a kernel of the WebAssembly backend outside TensorFlow.js's own bookkeeping of tensors. */
export function runKernel(name: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo {
  return tf.getKernel(name, "wasm").kernelFunc({ inputs, attrs, backend: tf.backend() }) as TensorInfo;
}
