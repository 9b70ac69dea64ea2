/**
 * C ← A·op(B) + βC for at most four columns of C: half a panel of `gemm` would be zeros. A (m, k) is read in place; the
 * micro-kernel keeps MR rows of C, one register each.
 */
import { KC, NR, packB, packTransposedB } from "./panels";
import { at, bytes, multiplyAdd, storeColumns } from "./simd";

/** The most columns. */
export const NARROW: i32 = 4;

const MR: i32 = 8;
/** Panels packed at once: they stay in the first-level cache while A is read from front to back. */
const DEPTH: i32 = 4;

/** `packed` has room for DEPTH panels (KC, NR). */
export function multiplyNarrow(
  transposeB: bool,
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
  packed: usize,
): void {
  for (let first: i32 = 0; first < k; first += DEPTH * KC) {
    const last = min(k, first + DEPTH * KC);
    for (let pc = first; pc < last; pc += KC) {
      const panel = at(packed, (pc - first) * NR);
      if (transposeB) packTransposedB(at(b, pc), ldb, min(KC, last - pc), n, panel);
      else packB(at(b, pc * ldb), ldb, min(KC, last - pc), n, panel);
    }
    for (let i: i32 = 0; i < m; i += MR) {
      const rows = min(MR, m - i);
      const tileC = c + 4 * (<usize>i * ldc);
      for (let pc = first; pc < last; pc += KC) {
        const tileA = a + 4 * (<usize>i * lda + pc);
        const panel = at(packed, (pc - first) * NR);
        multiplyTile(
          rows,
          n,
          min(KC, last - pc),
          tileA,
          bytes(lda),
          panel,
          accumulate || pc > 0,
          tileC,
          bytes(ldc),
        );
      }
    }
  }
}

/** Rows beyond the edge repeat the last one; they are computed and dropped. */
function multiplyTile(
  rows: i32,
  n: i32,
  kc: i32,
  p0: usize,
  stride: usize,
  b: usize,
  add: bool,
  c: usize,
  strideC: usize,
): void {
  let p1 = rows > 1 ? p0 + stride : p0;
  let p2 = rows > 2 ? p1 + stride : p1;
  let p3 = rows > 3 ? p2 + stride : p2;
  let p4 = rows > 4 ? p3 + stride : p3;
  let p5 = rows > 5 ? p4 + stride : p4;
  let p6 = rows > 6 ? p5 + stride : p5;
  let p7 = rows > 7 ? p6 + stride : p6;
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let c6 = c0;
  let c7 = c0;
  for (let p: i32 = kc; p > 0; p--) {
    const row = v128.load(b);
    c0 = multiplyAdd(v128.load32_splat(p0), row, c0);
    c1 = multiplyAdd(v128.load32_splat(p1), row, c1);
    c2 = multiplyAdd(v128.load32_splat(p2), row, c2);
    c3 = multiplyAdd(v128.load32_splat(p3), row, c3);
    c4 = multiplyAdd(v128.load32_splat(p4), row, c4);
    c5 = multiplyAdd(v128.load32_splat(p5), row, c5);
    c6 = multiplyAdd(v128.load32_splat(p6), row, c6);
    c7 = multiplyAdd(v128.load32_splat(p7), row, c7);
    p0 += 4;
    p1 += 4;
    p2 += 4;
    p3 += 4;
    p4 += 4;
    p5 += 4;
    p6 += 4;
    p7 += 4;
    b += 4 * NR;
  }
  storeColumns(c, c0, n, add);
  if (rows > 1) storeColumns(c + strideC, c1, n, add);
  if (rows > 2) storeColumns(c + 2 * strideC, c2, n, add);
  if (rows > 3) storeColumns(c + 3 * strideC, c3, n, add);
  if (rows > 4) storeColumns(c + 4 * strideC, c4, n, add);
  if (rows > 5) storeColumns(c + 5 * strideC, c5, n, add);
  if (rows > 6) storeColumns(c + 6 * strideC, c6, n, add);
  if (rows > 7) storeColumns(c + 7 * strideC, c7, n, add);
}
