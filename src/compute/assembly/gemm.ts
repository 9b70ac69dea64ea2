/**
 * C ← op(A)·op(B) + βC in float32, row-major, β = 0 or 1; op(A) is (m, k), op(B) is (k, n).
 *
 * The scheme of Goto and van de Geijn (ACM TOMS 34, 2008), for 16 registers of four lanes:
 *   - B is packed, KC rows and NC columns at a time, in panels of NR columns that are read front to back;
 *   - a tile of MR rows of A meets all panels while it is in the first-level cache. A is read in place where its
 *     rows are contiguous, so a tall thin product (a dense layer) reads its big operand exactly once;
 *   - the micro-kernel keeps MR × NR of C in eight registers. Its loop is not unrolled by hand: V8 moves all loads
 *     of a basic block to its front, and more than one step of them spills accumulators to memory.
 */
import { multiplyNarrow, NARROW } from "./narrow";
import { KC, NR, packB, packTransposedB } from "./panels";
import { at, bytes, multiplyAdd } from "./simd";
import { multiplyStrips, STRIP } from "./strips";

const MR: i32 = 4;
const NC: i32 = 1024;
/** Floats of packed panels that more than KC rows of B may take: where they fit, A is read from front to back. */
const HELD: i32 = 32768;

/** Up to here, strips are faster than packing A (bench/compute/few-columns.mjs). */
const MOST_STRIP_COLUMNS: i32 = 12;

const TILE_BYTES: usize = 4 * MR * NR;
const PACKED_A_BYTES: usize = 4 * MR * KC;
const PACKED_B_BYTES: usize = 4 * NC * KC;

/** Bytes of scratch memory that `gemm` needs, 16-byte aligned. */
export function gemmWorkspace(): usize {
  return TILE_BYTES + PACKED_A_BYTES + PACKED_B_BYTES;
}

/**
 * The way depends on the shape: the least columns (`narrow.ts`) and Aᵀ·B of few columns (`strips.ts`) have their own,
 * with the same bits.
 */
export function gemm(
  transposeA: bool,
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
  workspace: usize,
): void {
  if (k == 0 && !accumulate) {
    for (let i: i32 = 0; i < m; i++) memory.fill(at(c, i * ldc), 0, bytes(n));
  }
  if (transposeA && !transposeB && n <= MOST_STRIP_COLUMNS) {
    const done = m - (m % STRIP);
    multiplyStrips(done, n, k, a, lda, b, ldb, accumulate, c, ldc);
    a = at(a, done);
    c = at(c, done * ldc);
    m -= done;
    if (m == 0) return;
  }
  const rest = n % NR;
  const narrow = transposeA || rest > NARROW ? 0 : rest;
  if (narrow > 0) {
    const from = n - narrow;
    const restB = transposeB ? at(b, from * ldb) : at(b, from);
    multiplyNarrow(transposeB, m, narrow, k, a, lda, restB, ldb, accumulate, at(c, from), ldc, workspace);
  }
  multiplyBlocks(transposeA, transposeB, m, n - narrow, k, a, lda, b, ldb, accumulate, c, ldc, workspace);
}

function multiplyBlocks(
  transposeA: bool,
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
  workspace: usize,
): void {
  const packedA = workspace + TILE_BYTES;
  const packedB = packedA + PACKED_A_BYTES;
  for (let jc: i32 = 0; jc < n; jc += NC) {
    const nc = min(NC, n - jc);
    const width = (nc + NR - 1) & -NR;
    const depth = max(KC, (HELD / width) & -KC);
    for (let first: i32 = 0; first < k; first += depth) {
      const last = min(k, first + depth);
      for (let pc = first; pc < last; pc += KC) {
        const kc = min(KC, last - pc);
        const panels = at(packedB, (pc - first) * width);
        if (transposeB) packTransposedB(b + 4 * (<usize>jc * ldb + pc), ldb, kc, nc, panels);
        else packB(b + 4 * (<usize>pc * ldb + jc), ldb, kc, nc, panels);
      }
      for (let i: i32 = 0; i < m; i += MR) {
        const rows = min(MR, m - i);
        const tileC = c + 4 * (<usize>i * ldc + jc);
        for (let pc = first; pc < last; pc += KC) {
          const kc = min(KC, last - pc);
          const panels = at(packedB, (pc - first) * width);
          let tileA = a + 4 * (<usize>i * lda + pc);
          if (transposeA) {
            packA(a + 4 * (<usize>pc * lda + i), lda, rows, kc, packedA);
            tileA = packedA;
          }
          const add = accumulate || pc > 0;
          multiplyTile(transposeA, rows, nc, kc, tileA, lda, panels, add, tileC, ldc, workspace);
        }
      }
    }
  }
}

/** One tile of A, MR rows, times all packed panels of B. */
function multiplyTile(
  packedA: bool,
  rows: i32,
  nc: i32,
  kc: i32,
  a: usize,
  lda: i32,
  packedB: usize,
  accumulate: bool,
  c: usize,
  ldc: i32,
  tile: usize,
): void {
  // Rows beyond the edge repeat the last one; they are computed and dropped.
  const stride = (<usize>lda) << 2;
  const row1 = rows > 1 ? a + stride : a;
  const row2 = rows > 2 ? row1 + stride : row1;
  const row3 = rows > 3 ? row2 + stride : row2;
  let b = packedB;
  for (let j: i32 = 0; j < nc; j += NR) {
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    if (packedA) {
      let pa = a;
      for (let p: i32 = kc; p > 0; p--) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        const a0 = v128.load32_splat(pa);
        const a1 = v128.load32_splat(pa, 4);
        const a2 = v128.load32_splat(pa, 8);
        const a3 = v128.load32_splat(pa, 12);
        c00 = multiplyAdd(a0, b0, c00);
        c01 = multiplyAdd(a0, b1, c01);
        c10 = multiplyAdd(a1, b0, c10);
        c11 = multiplyAdd(a1, b1, c11);
        c20 = multiplyAdd(a2, b0, c20);
        c21 = multiplyAdd(a2, b1, c21);
        c30 = multiplyAdd(a3, b0, c30);
        c31 = multiplyAdd(a3, b1, c31);
        pa += 4 * MR;
        b += 4 * NR;
      }
    } else {
      let p0 = a;
      let p1 = row1;
      let p2 = row2;
      let p3 = row3;
      for (let p: i32 = kc; p > 0; p--) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        const a0 = v128.load32_splat(p0);
        const a1 = v128.load32_splat(p1);
        const a2 = v128.load32_splat(p2);
        const a3 = v128.load32_splat(p3);
        c00 = multiplyAdd(a0, b0, c00);
        c01 = multiplyAdd(a0, b1, c01);
        c10 = multiplyAdd(a1, b0, c10);
        c11 = multiplyAdd(a1, b1, c11);
        c20 = multiplyAdd(a2, b0, c20);
        c21 = multiplyAdd(a2, b1, c21);
        c30 = multiplyAdd(a3, b0, c30);
        c31 = multiplyAdd(a3, b1, c31);
        p0 += 4;
        p1 += 4;
        p2 += 4;
        p3 += 4;
        b += 4 * NR;
      }
    }
    // Edge tiles are written to the side and copied element by element.
    const columns = min(NR, nc - j);
    const whole = rows == MR && columns == NR;
    const target = whole ? at(c, j) : tile;
    const step = whole ? bytes(ldc) : 4 * NR;
    const add = whole && accumulate;
    storeRow(target, c00, c01, add);
    storeRow(target + step, c10, c11, add);
    storeRow(target + 2 * step, c20, c21, add);
    storeRow(target + 3 * step, c30, c31, add);
    if (!whole) copyEdge(tile, rows, columns, at(c, j), ldc, accumulate);
  }
}

function storeRow(target: usize, left: v128, right: v128, add: bool): void {
  if (add) {
    left = f32x4.add(left, v128.load(target));
    right = f32x4.add(right, v128.load(target, 16));
  }
  v128.store(target, left);
  v128.store(target, right, 16);
}

function copyEdge(tile: usize, rows: i32, columns: i32, c: usize, ldc: i32, accumulate: bool): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j++) {
      const value = load<f32>(at(tile, i * NR + j));
      const target = at(c, i * ldc + j);
      store<f32>(target, accumulate ? load<f32>(target) + value : value);
    }
  }
}

/** Columns `rows` of Aᵀ side by side: (kc, MR), zero beyond the edge. */
function packA(a: usize, lda: i32, rows: i32, kc: i32, out: usize): void {
  const stride = bytes(lda);
  if (rows == MR) {
    for (let p: i32 = 0; p < kc; p++) {
      v128.store(out, v128.load(a));
      a += stride;
      out += 4 * MR;
    }
    return;
  }
  for (let p: i32 = 0; p < kc; p++) {
    for (let q: i32 = 0; q < MR; q++) store<f32>(at(out, q), q < rows ? load<f32>(at(a, q)) : 0);
    a += stride;
    out += 4 * MR;
  }
}
