/**
 * The project's own kernels, in AssemblyScript. They run on the heap of TensorFlow.js's WebAssembly backend, whose
 * memory they import; addresses are byte offsets into it, sizes are in elements, matrices are row-major float32.
 * No kernel allocates, and none has static data (the memory is not ours).
 */
export { gemm, gemmWorkspace } from "./gemm";
export { addBias } from "./elementwise";
export { sumRows } from "./reduce";
export { multiplyAddScalar } from "./simd";
