/**
 * The project's own kernels, in AssemblyScript. They run on the heap of TensorFlow.js's WebAssembly backend, whose
 * memory they import; addresses are byte offsets into it, sizes are in elements, matrices are row-major float32.
 * No kernel allocates, and none has static data (the memory is not ours).
 */
export { gemm, gemmWorkspace } from "./gemm";
export { activate, activationGradient, biasActivation } from "./activation";
export { countCorrect, crossEntropy } from "./cross-entropy";
export { sumRows } from "./reduce";
export { multiplyAddScalar } from "./simd";
