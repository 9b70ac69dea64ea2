import type {
  KernelConfig,
  KernelFunc,
  NamedAttrMap,
  NamedTensorInfoMap,
  TensorInfo,
} from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";

export interface KernelCall<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
}

/** Gives a backend a kernel for `name`, or another one: `shipped` runs the one it came with. */
export function replaceKernel<Inputs extends object, Attributes extends object>(
  name: string,
  kernel: (
    call: KernelCall<Inputs, Attributes>,
    shipped: (call: KernelCall<Inputs, Attributes>) => TensorInfo | TensorInfo[],
  ) => TensorInfo | TensorInfo[],
  backendName: "wasm" | "cpu" = "wasm",
): void {
  const original = tf.getKernel(name, backendName) as KernelConfig | undefined;
  const replacement: KernelFunc = ({ inputs, attrs, backend }) =>
    kernel({ inputs: inputs as unknown as Inputs, attrs: attrs as unknown as Attributes }, (call) =>
      original!.kernelFunc({
        inputs: call.inputs as unknown as NamedTensorInfoMap,
        attrs: call.attrs as unknown as NamedAttrMap,
        backend,
      }),
    );
  if (original !== undefined) tf.unregisterKernel(name, backendName);
  tf.registerKernel({ kernelName: name, backendName, kernelFunc: replacement });
}

/** Runs a kernel of the WebAssembly backend outside TensorFlow.js's own bookkeeping of tensors. */
export function runKernel(name: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo {
  return tf.getKernel(name, "wasm").kernelFunc({ inputs, attrs, backend: tf.backend() }) as TensorInfo;
}
