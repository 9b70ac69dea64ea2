/**
 * The project's own kernels, in AssemblyScript. They run on the heap of TensorFlow.js's WebAssembly backend, whose
 * memory they import; addresses are byte offsets into it, sizes are in elements, matrices are row-major float32.
 * No kernel allocates, and none has static data (the memory is not ours).
 */
export { activate, activationGradient, biasActivation } from "./activation";
export { maskedSoftmax, maskedSoftmaxGradient } from "./attention";
export { moments, normalisationGradient, normalisationSums, normalise } from "./batch-norm";
export { addColumnsToImages, imagesToColumns } from "./columns";
export { crossEntropy, sparseCrossEntropy } from "./cross-entropy";
export { curve, curveGradient } from "./curve";
export { depthwise, depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise";
export { dropUnits } from "./dropout";
export { sigmoidCrossEntropy, squaredError } from "./element-losses";
export { gemm, gemmWorkspace } from "./gemm";
export { interpolate, interpolateGradient } from "./interpolate";
export { gather, scatterAdd } from "./embedding";
export { layerNorm, layerNormGradient, layerNormSums } from "./layer-norm";
export { addTo, copy, copyRows, zero } from "./memory";
export { addRows, extreme, multiply, scale, takeWhereEqual } from "./merge";
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from "./pool";
export { prelu, preluGradient, preluSlopeGradient } from "./prelu";
export {
  gruGatesGradient,
  gruState,
  gruStateGradient,
  lstmGradient,
  lstmState,
  multiplyRows,
  recurrentGradient,
} from "./recurrent";
export { sumRows } from "./reduce";
export { gatherBytes, gatherFloats, gatherScaled } from "./samples";
export { addSelectedRuns, selectRuns } from "./select";
export { scaleGradient, scaleShift, scaleSums } from "./scale-shift";
export { multiplyAddScalar } from "./simd";
export { softmax, softmaxGradient } from "./softmax";
export { transpose } from "./transpose";
