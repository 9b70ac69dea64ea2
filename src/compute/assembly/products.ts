/** Products of matrices for methods, on a memory of its own (src/linalg/matrix-product.ts), as vectors.ts has it. */
export { gemm, gemmWorkspace } from "./gemm";
