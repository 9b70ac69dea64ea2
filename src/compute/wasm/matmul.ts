import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import { finishFused, type FusedAttributes, type FusedInputs } from "./fused.js";
import type { Heap } from "./heap.js";
import { replaceKernel } from "./replace.js";

interface Operands {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Matrix products. The shipped BatchMatMul is a naive loop where an operand is transposed, ten times slower than
 * where none is, and gradients always transpose one.
 */
export function replaceMatrixProducts(heap: Heap): void {
  replaceKernel<Operands, Transposes>("BatchMatMul", ({ inputs, attrs }) => batchMatMul(heap, inputs, attrs));

  replaceKernel<Operands & FusedInputs, Transposes & FusedAttributes>("_FusedMatMul", ({ inputs, attrs }) =>
    finishFused(heap, batchMatMul(heap, inputs, attrs), inputs, attrs),
  );
}

/** (…, m, k)·(…, k, n) → (…, m, n), batch dimensions broadcast, either operand given transposed. */
function batchMatMul(heap: Heap, { a, b }: Operands, { transposeA, transposeB }: Transposes): TensorInfo {
  if (a.dtype !== "float32" || b.dtype !== "float32") {
    throw new Error(`Expected float32 operands for a matrix product, got ${a.dtype} and ${b.dtype}.`);
  }
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const m = transposeA ? aColumns : aRows;
  const k = transposeA ? aRows : aColumns;
  const n = transposeB ? bRows : bColumns;
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const c = heap.output([...batch, m, n]);
  const [addressA, addressB, addressC] = [heap.address(a), heap.address(b), heap.address(c)];
  const offsetsA = broadcastOffsets(batchA, batch);
  const offsetsB = broadcastOffsets(batchB, batch);
  for (let i = 0; i < offsetsA.length; i++) {
    heap.multiply(
      { m, n, k },
      { at: addressA + 4 * m * k * offsetsA[i]!, stride: aColumns, transposed: transposeA },
      { at: addressB + 4 * k * n * offsetsB[i]!, stride: bColumns, transposed: transposeB },
      { at: addressC + 4 * m * n * i, stride: n },
      false,
    );
  }
  return c;
}

/** For every element of `to`, in row-major order, the element of `from` that broadcasting puts there. */
function broadcastOffsets(from: readonly number[], to: readonly number[]): number[] {
  const aligned = [...Array<number>(to.length - from.length).fill(1), ...from];
  let offsets = [0];
  to.forEach((size, axis) => {
    const own = aligned[axis]!;
    offsets = offsets.flatMap((base) =>
      Array.from({ length: size }, (_, i) => base * own + (own === 1 ? 0 : i)),
    );
  });
  return offsets;
}
