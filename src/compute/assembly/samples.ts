/**
 * Rows of samples, picked by number and normalised on their way: what a mini-batch is made of. Samples lie one behind the
 * other, `size` numbers each.
 */
import { at, bytes } from "./simd";

/** Bytes of a cache line. */
const LINE: i32 = 64;
/** Samples whose lines are asked for together. */
const AHEAD: i32 = 16;
/** Numbers that are normalised together. */
const GROUP: i32 = 16;

/**
 * out (count, size) ← (byte − centre) · scale for the bytes of each sample. `pattern` (2, period) has the centres and the scales
 * of a sample's numbers, of whole groups, after which they begin anew.
 */
export function gatherBytes(
  source: usize,
  samples: usize,
  count: i32,
  size: i32,
  pattern: usize,
  period: i32,
  out: usize,
): void {
  let touched: u32 = 0;
  for (let row: i32 = 0; row < count; row++) {
    if (row % AHEAD == 0) {
      const end = min(row + AHEAD, count);
      for (let next = row; next < end; next++) touched |= touch(sampleAt(source, samples, next, size), size);
    }
    Normalised.row(true, sampleAt(source, samples, row, size), size, pattern, period, out);
    out += bytes(size);
  }
  // Never so: but what is loaded must seem to matter.
  if (touched > 255) store<u32>(out, touched);
}

/** The same for floats. */
export function gatherScaled(
  source: usize,
  samples: usize,
  count: i32,
  size: i32,
  pattern: usize,
  period: i32,
  out: usize,
): void {
  for (let row: i32 = 0; row < count; row++) {
    Normalised.row(false, sampleAt(source, samples, row, 4 * size), size, pattern, period, out);
    out += bytes(size);
  }
}

/** out (count, size) ← the floats of each sample. */
export function gatherFloats(source: usize, samples: usize, count: i32, size: i32, out: usize): void {
  for (let row: i32 = 0; row < count; row++) {
    memory.copy(out, sampleAt(source, samples, row, 4 * size), bytes(size));
    out += bytes(size);
  }
}

function sampleAt(source: usize, samples: usize, row: i32, size: i32): usize {
  return source + <usize>load<i32>(at(samples, row)) * <usize>size;
}

/**
 * Reads of a sample a byte in each cache line. Samples lie anywhere: each is a page to be found and lines to be waited for,
 * which many at once take little longer than one.
 */
function touch(from: usize, size: i32): u32 {
  let bits: u32 = 0;
  for (let i: i32 = 0; i < size; i += LINE) bits |= load<u8>(from + i);
  return bits;
}

/** Inlined in both (which a class's function can be), where `areBytes` is a constant: nothing is asked in the loops. */
class Normalised {
  @inline
  static row(areBytes: bool, from: usize, size: i32, pattern: usize, period: i32, out: usize): void {
    let place: i32 = 0;
    let i: i32 = 0;
    for (; i + GROUP <= size; i += GROUP) {
      const centres = at(pattern, place);
      const scales = at(centres, period);
      const here = at(out, i);
      if (areBytes) {
        const sixteen = v128.load(from + i);
        const low = i16x8.extend_low_i8x16_u(sixteen);
        const high = i16x8.extend_high_i8x16_u(sixteen);
        Normalised.four(float(i32x4.extend_low_i16x8_u(low)), centres, scales, here);
        Normalised.four(float(i32x4.extend_high_i16x8_u(low)), centres + 16, scales + 16, here + 16);
        Normalised.four(float(i32x4.extend_low_i16x8_u(high)), centres + 32, scales + 32, here + 32);
        Normalised.four(float(i32x4.extend_high_i16x8_u(high)), centres + 48, scales + 48, here + 48);
      } else {
        const floats = at(from, i);
        Normalised.four(v128.load(floats), centres, scales, here);
        Normalised.four(v128.load(floats, 16), centres + 16, scales + 16, here + 16);
        Normalised.four(v128.load(floats, 32), centres + 32, scales + 32, here + 32);
        Normalised.four(v128.load(floats, 48), centres + 48, scales + 48, here + 48);
      }
      place += GROUP;
      if (place == period) place = 0;
    }
    for (; i < size; i++) {
      const value = areBytes ? <f32>load<u8>(from + i) : load<f32>(at(from, i));
      const centre = at(pattern, place++);
      store<f32>(at(out, i), (value - load<f32>(centre)) * load<f32>(at(centre, period)));
    }
  }

  @inline
  static four(x: v128, centres: usize, scales: usize, out: usize): void {
    v128.store(out, f32x4.mul(f32x4.sub(x, v128.load(centres)), v128.load(scales)));
  }
}

function float(x: v128): v128 {
  return f32x4.convert_i32x4_s(x);
}
