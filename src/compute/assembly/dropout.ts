import { at, bytes, loadPart, storePart } from "./simd";

/**
 * out ← x · scale where the unit is kept, else 0; + out where `accumulate`. x is (rows, positions, units); whether a unit
 * of a row is kept does not depend on the position, but on 32 random bits that depend on `key`, the row's number in
 * samples (int32) and the unit alone: they have to be at least `threshold`. The bits are those of network/noise.ts.
 */
export function dropUnits(
  x: usize,
  samples: usize,
  rows: i32,
  positions: i32,
  units: i32,
  key: i32,
  threshold: u32,
  scale: f32,
  accumulate: bool,
  out: usize,
): void {
  const scales = f32x4.splat(scale);
  const limit = i32x4.splat(<i32>(threshold ^ 0x80000000)); // compared as signed numbers
  const step = i32x4.splat(4);
  for (let i: i32 = 0; i < rows; i++) {
    const row = i32x4.splat(mix(key ^ mix(load<i32>(at(samples, i)))));
    for (let position: i32 = 0; position < positions; position++) {
      let unit = i32x4(0, 1, 2, 3);
      let j: i32 = 0;
      for (; j < units; j += 4) {
        const keep = i32x4.ge_s(
          v128.xor(mix4(i32x4.add(row, mix4(unit))), i32x4.splat(<i32>0x80000000)),
          limit,
        );
        const n = units - j;
        const value = n >= 4 ? v128.load(at(x, j)) : loadPart(at(x, j), n);
        let y = v128.and(f32x4.mul(value, scales), keep);
        if (accumulate) y = f32x4.add(y, n >= 4 ? v128.load(at(out, j)) : loadPart(at(out, j), n));
        if (n >= 4) v128.store(at(out, j), y);
        else storePart(at(out, j), n, y);
        unit = i32x4.add(unit, step);
      }
      x += bytes(units);
      out += bytes(units);
    }
  }
}

/** MurmurHash3's finaliser: a bijection of 32 bits. */
function mix(h: i32): i32 {
  h = (h ^ (h >>> 16)) * <i32>0x85ebca6b;
  h = (h ^ (h >>> 13)) * <i32>0xc2b2ae35;
  return h ^ (h >>> 16);
}

function mix4(h: v128): v128 {
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(<i32>0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(<i32>0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}
