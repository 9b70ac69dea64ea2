/**
 * C ← Aᵀ·B + βC for few columns of C, where m is a multiple of STRIP: the gradient by a dense layer's weights, of which
 * A (k, m) are the inputs. Row-major A is read as it lies, STRIP floats of each row: Aᵀ never has to be packed.
 */
import { KC } from "./panels";
import { bytes, multiplyAdd } from "./simd";
import { storeTransposed } from "./transpose";

/** Rows of C in one strip. */
export const STRIP: i32 = 8;
/** Columns of C that a strip computes at once: C's are in NC × STRIP / 4 registers. */
const NC: i32 = 4;

export function multiplyStrips(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  b: usize,
  ldb: i32,
  accumulate: bool,
  c: usize,
  ldc: i32,
): void {
  for (let pc: i32 = 0; pc < k; pc += KC) {
    const kc = min(KC, k - pc);
    for (let i: i32 = 0; i < m; i += STRIP) {
      for (let j: i32 = 0; j < n; j += NC) {
        const strip = a + 4 * (<usize>pc * lda + i);
        const columns = b + 4 * (<usize>pc * ldb + j);
        const tile = c + 4 * (<usize>i * ldc + j);
        multiplyStrip(
          min(NC, n - j),
          kc,
          strip,
          bytes(lda),
          columns,
          bytes(ldb),
          accumulate || pc > 0,
          tile,
          bytes(ldc),
        );
      }
    }
  }
}

/** (STRIP, kc)·(kc, n) → (STRIP, n). Columns beyond the edge repeat the first; they are computed and dropped. */
function multiplyStrip(
  n: i32,
  kc: i32,
  a: usize,
  strideA: usize,
  b0: usize,
  strideB: usize,
  add: bool,
  c: usize,
  strideC: usize,
): void {
  const to1: usize = n > 1 ? 4 : 0;
  const to2: usize = n > 2 ? 8 : 0;
  const to3: usize = n > 3 ? 12 : 0;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let p: i32 = kc; p > 0; p--) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    const x0 = v128.load32_splat(b0);
    const x1 = v128.load32_splat(b0 + to1);
    const x2 = v128.load32_splat(b0 + to2);
    const x3 = v128.load32_splat(b0 + to3);
    c00 = multiplyAdd(a0, x0, c00);
    c01 = multiplyAdd(a1, x0, c01);
    c10 = multiplyAdd(a0, x1, c10);
    c11 = multiplyAdd(a1, x1, c11);
    c20 = multiplyAdd(a0, x2, c20);
    c21 = multiplyAdd(a1, x2, c21);
    c30 = multiplyAdd(a0, x3, c30);
    c31 = multiplyAdd(a1, x3, c31);
    a += strideA;
    b0 += strideB;
  }
  storeTransposed(c00, c10, c20, c30, n, add, c, strideC);
  storeTransposed(c01, c11, c21, c31, n, add, c + 4 * strideC, strideC);
}
