import type { Heap } from "../../compute/wasm/heap.js";
import { addsTo, type Operation } from "./operation.js";

/** A factor of a product of matrices, one matrix a sample. */
export interface Factor {
  /** Number of the operation whose result it is. */
  readonly operation: number;
  /** Floats from row to row, as it lies. */
  readonly stride: number;
  /** It is read as its transpose. */
  readonly transposed: boolean;
}

/** y = A·B for the matrices of every sample: (rows, m, k)·(rows, k, n) → (rows, m, n), transposed as said. */
export function dot(
  own: number,
  a: Factor,
  b: Factor,
  { m, n, k }: { readonly m: number; readonly n: number; readonly k: number },
): Operation {
  const size = m * n;
  /** C ← op(X)·op(Y) sample by sample; each operand as its address, floats a sample, stride and whether it is transposed. */
  const each = (
    heap: Heap,
    rows: number,
    sides: { readonly m: number; readonly n: number; readonly k: number },
    x: Operand,
    y: Operand,
    [c, sizeC, strideC]: readonly [at: number, size: number, stride: number],
    add: boolean,
  ): void => {
    for (let i = 0; i < rows; i++) {
      heap.multiply(
        sides,
        { at: x.at + 4 * i * x.size, stride: x.stride, transposed: x.transposed },
        { at: y.at + 4 * i * y.size, stride: y.stride, transposed: y.transposed },
        { at: c + 4 * i * sizeC, stride: strideC },
        add,
      );
    }
  };
  const operand = (factor: Factor, at: number, floats: number): Operand => ({ ...factor, at, size: floats });
  const flipped = (x: Operand): Operand => ({ ...x, transposed: !x.transposed });

  return {
    inputs: [a.operation, b.operation],
    size,
    weights: [],

    forward({ heap, rows, values }) {
      const [x, y] = [operand(a, values[a.operation]!, m * k), operand(b, values[b.operation]!, k * n)];
      each(heap, rows, { m, n, k }, x, y, [values[own]!, size, n], false);
    },

    // dA = dC·Bᵀ and dB = Aᵀ·dC; where a factor is read transposed, the transposes of these.
    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const dc: Operand = { at: gradients[own]!, size, stride: n, transposed: false };
      const [x, y] = [operand(a, values[a.operation]!, m * k), operand(b, values[b.operation]!, k * n)];
      const da = gradients[a.operation]!;
      if (da !== 0) {
        const adds = addsTo(frame, a.operation);
        const target = [da, m * k, a.stride] as const;
        if (a.transposed) each(heap, rows, { m: k, n: m, k: n }, y, flipped(dc), target, adds);
        else each(heap, rows, { m, n: k, k: n }, dc, flipped(y), target, adds);
      }
      const db = gradients[b.operation]!;
      if (db !== 0) {
        const adds = addsTo(frame, b.operation);
        const target = [db, k * n, b.stride] as const;
        if (b.transposed) each(heap, rows, { m: n, n: k, k: m }, flipped(dc), x, target, adds);
        else each(heap, rows, { m: k, n, k: m }, flipped(x), dc, target, adds);
      }
    },
  };
}

interface Operand {
  readonly at: number;
  /** Floats per sample. */
  readonly size: number;
  readonly stride: number;
  readonly transposed: boolean;
}
