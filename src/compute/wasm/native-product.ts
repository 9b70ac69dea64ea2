import type { DenseProduct, Sgemm } from "../blas/libraries.js";
import type { Heap, Matrix, MatrixProduct, ProductSize } from "./heap.js";

/** A matrix product of the system, on absolute addresses, and how to find those of an array. */
export interface NativeProduct {
  readonly sgemm: Sgemm;
  readonly dense?: DenseProduct | undefined;
  readonly addressOf: (bytes: Uint8Array) => number;
}

/** Floats of memory of its own that a native product needs. */
export const SCRATCH_FLOATS = 2 ** 19;

/**
 * From which shapes on the other ways beat a plain call (`node bench/compute/few-columns.mjs`). A library packs both operands
 * of `sgemm`; where C has few columns that takes longer than computing them.
 *
 * - `swapped`: Aᵀ·B with at most so many columns (the gradient by a dense layer's weights) as (Bᵀ·A)ᵀ, which reads A as
 *   it lies.
 * - `dense`: A·B with at most so many columns and at least so many rows and terms, by the library's product for dense
 *   matrices; B and C are copied where they are columns of something wider.
 */
const WAYS = { swapped: { most: 16 }, dense: { least: 2, most: 64, rows: 32, terms: 64 } };

/** Products on the heap by a library of the system; `scratch` is the address of SCRATCH_FLOATS floats. */
export function nativeProduct(
  { sgemm, dense, addressOf }: NativeProduct,
  heap: Heap,
  scratch: number,
): MatrixProduct {
  let bytes: Uint8Array | undefined;
  let base = 0;
  const findHeap = () => {
    if (heap.bytes === bytes) return;
    bytes = heap.bytes; // it has grown and may lie elsewhere
    base = addressOf(bytes);
  };

  const plain: MatrixProduct = ({ m, n, k }, a, b, c, add) => {
    const [transposeA, transposeB] = [a.transposed === true, b.transposed === true];
    const [atA, atB, atC] = [base + a.at, base + b.at, base + c.at];
    sgemm(transposeA, transposeB, m, n, k, atA, a.stride, atB, b.stride, add, atC, c.stride);
  };

  const swapped = ({ m, n, k }: ProductSize, a: Matrix, b: Matrix, c: Matrix, add: boolean) => {
    const asItLies = { at: a.at, stride: a.stride };
    const bT = { at: b.at, stride: b.stride, transposed: true };
    plain({ m: n, n: m, k }, bT, asItLies, { at: scratch, stride: m }, false);
    heap.kernels.transpose(scratch, n, m, add, c.at, c.stride);
  };

  /** Whether it could be done. */
  const densely = ({ m, n, k }: ProductSize, a: Matrix, b: Matrix, c: Matrix): boolean => {
    const run = dense!(m, n, k);
    if (run === undefined) return false;
    const { kernels } = heap;
    const [copyB, copyC] = [b.stride !== n, c.stride !== n];
    if ((copyB ? k * n : 0) + (copyC ? m * n : 0) > SCRATCH_FLOATS) return false;
    const atB = copyB ? scratch : b.at;
    const atC = copyC ? scratch + (copyB ? 4 * k * n : 0) : c.at;
    if (copyB) kernels.copyRows(b.at, k, n, b.stride, atB, n);
    run(base + a.at, base + atB, base + atC);
    if (copyC) kernels.copyRows(atC, m, n, n, c.at, c.stride);
    return true;
  };

  return (size, a, b, c, add) => {
    const { m, n, k } = size;
    if (m === 0 || n === 0) return;
    findHeap();
    if (k === 0) {
      // The libraries differ in what they do here.
      if (!add) for (let i = 0; i < m; i++) heap.kernels.zero(n, c.at + 4 * i * c.stride);
      return;
    }
    if (a.transposed && !b.transposed && n <= WAYS.swapped.most && m >= n && m * n <= SCRATCH_FLOATS) {
      swapped(size, a, b, c, add);
      return;
    }
    const { least, most, rows, terms } = WAYS.dense;
    const fit = !a.transposed && !b.transposed && !add && a.stride === k;
    if (dense && fit && n >= least && n <= most && m >= rows && k >= terms && densely(size, a, b, c)) return;
    plain(size, a, b, c, add);
  };
}
