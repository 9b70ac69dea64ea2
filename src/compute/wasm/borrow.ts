import type { DataType, KernelBackend, NamedAttrMap, TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import { correctPlainKernels } from "../plain.js";
import { replaceKernel } from "./replace.js";

/** Kernels of the WebAssembly backend, as of TensorFlow.js 4.22, that give wrong results: of several channels or strides, or where padded. */
const MISTAKEN = ["Conv3DBackpropInputV2", "Conv3DBackpropFilterV2", "AvgPool3DGrad"];

/** Of complex numbers, which the WebAssembly backend cannot keep; of a canvas. */
const NOT_LENT = new Set(["Complex", "ComplexAbs", "Real", "Imag", "FFT", "IFFT", "Draw"]);

/** What the plain JavaScript backend offers beyond KernelBackend. */
interface PlainBackend extends KernelBackend {
  makeTensorInfo(shape: number[], dtype: DataType, values: tf.backend_util.BackendValues): TensorInfo;
}

/**
 * Lets the plain JavaScript backend compute what layers and their gradients need and the WebAssembly backend lacks, as the
 * gradient of embeddings, or gets wrong: slow, on copies, but every model trains. Own kernels are to be there before.
 */
export function borrowMissingKernels(): void {
  correctPlainKernels();
  for (const name of MISTAKEN) tf.unregisterKernel(name, "wasm");
  const own = new Set(tf.getKernelsForBackend("wasm").map(({ kernelName }) => kernelName));
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend("cpu")) {
    if (!own.has(kernelName) && !NOT_LENT.has(kernelName)) borrow(kernelName, kernelFunc);
  }
}

function borrow(name: string, kernel: ReturnType<typeof tf.getKernel>["kernelFunc"]): void {
  replaceKernel<Record<string, TensorInfo | TensorInfo[]>, NamedAttrMap>(name, ({ inputs, attrs }) => {
    const wasm = tf.backend() as PlainBackend & { makeOutput(...args: unknown[]): TensorInfo };
    const plain = tf.findBackend("cpu") as PlainBackend;
    const used: TensorInfo[] = [];
    const lend = ({ dataId, shape, dtype }: TensorInfo): TensorInfo => {
      const copy = plain.makeTensorInfo(shape, dtype, wasm.readSync(dataId));
      used.push(copy);
      return copy;
    };
    // By names, with lists among them, or one list.
    const lendAll = (given: TensorInfo | TensorInfo[]) =>
      Array.isArray(given) ? given.map(lend) : lend(given);
    const lent = Array.isArray(inputs)
      ? inputs.map(lendAll)
      : Object.fromEntries(Object.entries(inputs).map(([key, given]) => [key, lendAll(given)]));
    const results = kernel({ inputs: lent as Record<string, TensorInfo>, attrs, backend: plain });
    const give = (result: TensorInfo): TensorInfo => {
      used.push(result);
      return wasm.makeOutput(result.shape, result.dtype, null, plain.readSync(result.dataId));
    };
    const given = Array.isArray(results) ? results.map(give) : give(results);
    for (const { dataId } of used) plain.disposeData(dataId);
    return given;
  });
}
