import type { DataType, KernelBackend, NamedAttrMap, TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import { replaceKernel } from "./replace.js";

/** A kernel that layers' gradients need and the WebAssembly backend lacks: gather's, of embeddings. */
const BORROWED = "UnsortedSegmentSum";

/** What the plain JavaScript backend offers beyond KernelBackend. */
interface PlainBackend extends KernelBackend {
  makeTensorInfo(shape: number[], dtype: DataType, values: tf.backend_util.BackendValues): TensorInfo;
}

/** Lets the plain JavaScript backend compute it: slow, but every model trains. */
export function borrowMissingKernel(): void {
  replaceKernel<Record<string, TensorInfo>, NamedAttrMap>(BORROWED, ({ inputs, attrs }) => {
    const wasm = tf.backend() as PlainBackend & { makeOutput(...args: unknown[]): TensorInfo };
    const plain = tf.findBackend("cpu") as PlainBackend;
    const lent = Object.entries(inputs).map(([key, { dataId, shape, dtype }]) => {
      return [key, plain.makeTensorInfo(shape, dtype, wasm.readSync(dataId))] as const;
    });
    const kernel = tf.getKernel(BORROWED, "cpu").kernelFunc;
    const result = kernel({ inputs: Object.fromEntries(lent), attrs, backend: plain }) as TensorInfo;
    const values = plain.readSync(result.dataId);
    for (const { dataId } of [...lent.map(([, info]) => info), result]) plain.disposeData(dataId);
    return wasm.makeOutput(result.shape, result.dtype, null, values);
  });
}
