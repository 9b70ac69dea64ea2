import { existsSync, readFileSync } from "node:fs";
import { instanceOf } from "./instance.js";

/** A product of matrices (m, k) · (k, n), row by row; a factor that is transposed lies there as (k, m) or (n, k). */
export interface ProductShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** The project's matrix product (src/compute/assembly/gemm.ts) on a memory of its own. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  gemm(
    ...[transposeA, transposeB, m, n, k, a, lda, b, ldb, accumulate, c, ldc, workspace]: readonly number[]
  ): void;
  gemmWorkspace(): number;
}

const PAGE = 65536;
let loaded: Exports | null | undefined;

/** out ← AB in float32. Without the kernel, in a bundle or on a processor without 128-bit vectors, a plain loop does it. */
export function multiply(shape: ProductShape, a: Float32Array, b: Float32Array, out: Float32Array): void {
  if (loaded === undefined) loaded = load() ?? null;
  if (loaded === null) {
    multiplyPlainly(shape, a, b, out);
    return;
  }
  const { memory } = loaded;
  const { m, n, k, transposeA = false, transposeB = false } = shape;
  const aligned = (bytes: number) => Math.ceil(bytes / 16) * 16;
  const atA = aligned(loaded.gemmWorkspace());
  const atB = atA + aligned(4 * m * k);
  const atC = atB + aligned(4 * k * n);
  const missing = atC + aligned(4 * m * n) - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  new Float32Array(memory.buffer, atA, m * k).set(a);
  new Float32Array(memory.buffer, atB, k * n).set(b);
  const [lda, ldb] = [transposeA ? m : k, transposeB ? k : n];
  loaded.gemm(Number(transposeA), Number(transposeB), m, n, k, atA, lda, atB, ldb, 0, atC, n, 0);
  out.set(new Float32Array(memory.buffer, atC, m * n));
}

/** The same as loops, which the kernel is tested against; sums are float64. */
export function multiplyPlainly(
  { m, n, k, transposeA = false, transposeB = false }: ProductShape,
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
): void {
  const [rowA, columnA] = transposeA ? [1, m] : [k, 1];
  const [rowB, columnB] = transposeB ? [1, k] : [n, 1];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[i * rowA + p * columnA]! * b[p * rowB + j * columnB]!;
      out[i * n + j] = sum;
    }
  }
}

function load(): Exports | undefined {
  const file = new URL("products.wasm", import.meta.url);
  return existsSync(file) ? (instanceOf(readFileSync(file)) as Exports | undefined) : undefined;
}
