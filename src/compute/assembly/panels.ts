import { at, bytes } from "./simd";
import { storeTransposed } from "./transpose";

/** Columns of a packed panel. */
export const NR: i32 = 8;
/** Its rows at most. All products add up so many terms before they add them to C: their bits do not depend on the way. */
export const KC: i32 = 256;

/** B (kc, nc) in panels (kc, NR), zero beyond the edge. */
export function packB(b: usize, ldb: i32, kc: i32, nc: i32, out: usize): void {
  const stride = bytes(ldb);
  for (let j: i32 = 0; j < nc; j += NR) {
    const columns = min(NR, nc - j);
    let source = at(b, j);
    for (let p: i32 = 0; p < kc; p++) {
      if (columns == NR) {
        v128.store(out, v128.load(source));
        v128.store(out, v128.load(source, 16), 16);
      } else {
        for (let q: i32 = 0; q < NR; q++) store<f32>(at(out, q), q < columns ? load<f32>(at(source, q)) : 0);
      }
      source += stride;
      out += 4 * NR;
    }
  }
}

/** Bᵀ from B (nc, kc), in panels (kc, NR), zero beyond the edge; whole 4 × 4 blocks by shuffles. */
export function packTransposedB(b: usize, ldb: i32, kc: i32, nc: i32, out: usize): void {
  const stride = bytes(ldb);
  const whole = kc & ~3;
  for (let j: i32 = 0; j < nc; j += NR) {
    for (let half: i32 = 0; half < NR; half += 4) {
      const first = j + half;
      const columns = min(4, nc - first);
      let target = at(out, half);
      let p: i32 = 0;
      if (columns == 4) {
        let source = b + <usize>first * stride;
        for (; p < whole; p += 4) {
          const x0 = v128.load(source);
          const x1 = v128.load(source + stride);
          const x2 = v128.load(source + 2 * stride);
          const x3 = v128.load(source + 3 * stride);
          storeTransposed(x0, x1, x2, x3, 4, false, target, bytes(NR));
          source += 16;
          target += 16 * NR;
        }
      }
      for (; p < kc; p++) {
        for (let q: i32 = 0; q < 4; q++) {
          const value: f32 = q < columns ? load<f32>(b + <usize>(first + q) * stride + ((<usize>p) << 2)) : 0;
          store<f32>(at(target, q), value);
        }
        target += 4 * NR;
      }
    }
    out += 4 * <usize>NR * kc;
  }
}
