import type { Heap, Matrix, ProductSize } from "../../../compute/wasm/heap.js";
import { addsTo, type Operation } from "../operation.js";

/** A factor of a product of matrices, one matrix a sample. */
export interface Factor {
  /** Number of the operation whose result it is. */
  readonly operation: number;
  /** Floats from row to row, as it lies. */
  readonly stride: number;
  /** It is read as its transpose. */
  readonly transposed: boolean;
}

/** y = A·B sample by sample. */
export interface Product {
  readonly a: Factor;
  readonly b: Factor;
  /** After transposition: (m, k)·(k, n). */
  readonly sides: ProductSize;
}

/** Which of the square matrices have nothing above their diagonal: only what is left of it is read, or wanted. */
export type Lower = "none" | "result" | "a";

/** The matrices of all samples. */
interface Operand extends Matrix {
  /** Floats per sample. */
  readonly size: number;
  /** Only its lower triangle counts. */
  readonly lower: boolean;
}

/** y = A·B for the matrices of every sample: (rows, m, k)·(rows, k, n) → (rows, m, n). */
export function dot(own: number, product: Product, lower: Lower = "none"): Operation {
  const { a, b, sides } = product;
  const { m, n, k } = sides;
  const operandA = (at: number): Operand => ({
    ...a,
    at,
    size: m * k,
    lower: lower === "a" && !a.transposed,
  });
  const operandB = (at: number): Operand => ({ ...b, at, size: k * n, lower: false });
  const result = (at: number): Operand => ({ at, size: m * n, stride: n, lower: lower === "result" });
  const flipped = (x: Operand): Operand => ({ ...x, transposed: !x.transposed });

  return {
    inputs: [a.operation, b.operation],
    size: m * n,
    weights: [],
    product,

    forward({ heap, rows, values }) {
      const [x, y] = [operandA(values[a.operation]!), operandB(values[b.operation]!)];
      multiplyEach(heap, rows, sides, x, y, result(values[own]!), false);
    },

    // dA = dC·Bᵀ and dB = Aᵀ·dC; where a factor is read transposed, the transposes of these.
    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const dc = result(gradients[own]!);
      const [x, y] = [operandA(values[a.operation]!), operandB(values[b.operation]!)];
      const da = gradients[a.operation]!;
      if (da !== 0) {
        const adds = addsTo(frame, a.operation);
        const target = operandA(da);
        if (a.transposed) multiplyEach(heap, rows, { m: k, n: m, k: n }, y, flipped(dc), target, adds);
        else multiplyEach(heap, rows, { m, n: k, k: n }, dc, flipped(y), target, adds);
      }
      const db = gradients[b.operation]!;
      if (db !== 0) {
        const adds = addsTo(frame, b.operation);
        const target = operandB(db);
        if (b.transposed) multiplyEach(heap, rows, { m: n, n: k, k: m }, flipped(dc), x, target, adds);
        else multiplyEach(heap, rows, { m: k, n, k: m }, flipped(x), dc, target, adds);
      }
    },
  };
}

/** Rows of a triangle that are computed at once, as the rectangle they lie in. */
const PANEL = 64;

/** C ← X·Y sample by sample, + C where `add`, by panels of rows where X or C is a lower triangle. */
function multiplyEach(
  heap: Heap,
  rows: number,
  { m, n, k }: ProductSize,
  x: Operand,
  y: Operand,
  c: Operand,
  add: boolean,
): void {
  const step = x.lower || c.lower ? PANEL : m;
  for (let i = 0; i < rows; i++) {
    for (let from = 0; from < m; from += step) {
      const to = Math.min(m, from + step);
      // A lower X has `to` numbers in these rows; read as its transpose, it has none before `from`.
      const skipped = x.lower && x.transposed === true ? from : 0;
      const size = {
        m: to - from,
        n: c.lower ? to : n,
        k: x.lower ? (x.transposed === true ? k - from : to) : k,
      };
      heap.multiply(
        size,
        {
          ...x,
          at: x.at + 4 * (i * x.size + (x.transposed === true ? from : from * x.stride) + skipped * x.stride),
        },
        { ...y, at: y.at + 4 * (i * y.size + skipped * (y.transposed === true ? 1 : y.stride)) },
        { at: c.at + 4 * (i * c.size + from * c.stride), stride: c.stride },
        add,
      );
    }
  }
}
