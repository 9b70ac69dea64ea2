/**
 * Rows of samples, picked by number and normalised on their way: what a mini-batch is made of. Samples lie one behind the
 * other, `size` numbers each, of which every `channels`-th belongs to the same channel.
 */
import { at, bytes } from "./simd";

/** Values of a byte. */
const VALUES: i32 = 256;
/** Bytes of a cache line. */
const LINE: i32 = 64;
/** Samples whose lines are asked for together. */
const AHEAD: i32 = 16;

/** out (count, size) ← of the bytes of each sample what `tables` (channels, 256) says they are. */
export function gatherBytes(
  source: usize,
  samples: usize,
  count: i32,
  size: i32,
  tables: usize,
  channels: i32,
  out: usize,
): void {
  let touched: u32 = 0;
  for (let row: i32 = 0; row < count; row++) {
    if (row % AHEAD == 0) {
      const end = min(row + AHEAD, count);
      for (let next = row; next < end; next++) touched |= touch(sampleAt(source, samples, next, size), size);
    }
    const from = sampleAt(source, samples, row, size);
    if (channels == 1) lookUp(from, size, tables, out);
    else lookUpChannels(from, size, tables, channels, out);
    out += bytes(size);
  }
  // Never so: but what is loaded must seem to matter.
  if (touched == VALUES) store<u32>(out, touched);
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

/** Sixteen bytes at a time; of those that are all 0, an image's background, nothing is looked up. */
function lookUp(from: usize, size: i32, table: usize, out: usize): void {
  const background = v128.load32_splat(table);
  const end = from + size;
  const whole = from + (size & ~15);
  while (from < whole) {
    if (v128.any_true(v128.load(from))) {
      lookUp8(load<u64>(from), table, out);
      lookUp8(load<u64>(from, 8), table, out + 32);
    } else {
      v128.store(out, background);
      v128.store(out, background, 16);
      v128.store(out, background, 32);
      v128.store(out, background, 48);
    }
    from += 16;
    out += 64;
  }
  for (; from < end; from++) {
    store<u32>(out, load<u32>(at(table, load<u8>(from))));
    out += 4;
  }
}

function lookUp8(word: u64, table: usize, out: usize): void {
  store<u32>(out, load<u32>(at(table, <i32>(word & 255))));
  store<u32>(out, load<u32>(at(table, <i32>((word >> 8) & 255))), 4);
  store<u32>(out, load<u32>(at(table, <i32>((word >> 16) & 255))), 8);
  store<u32>(out, load<u32>(at(table, <i32>((word >> 24) & 255))), 12);
  store<u32>(out, load<u32>(at(table, <i32>((word >> 32) & 255))), 16);
  store<u32>(out, load<u32>(at(table, <i32>((word >> 40) & 255))), 20);
  store<u32>(out, load<u32>(at(table, <i32>((word >> 48) & 255))), 24);
  store<u32>(out, load<u32>(at(table, <i32>(word >> 56))), 28);
}

function lookUpChannels(from: usize, size: i32, tables: usize, channels: i32, out: usize): void {
  const end = tables + bytes(VALUES * channels);
  let table = tables;
  for (let i: i32 = 0; i < size; i++) {
    store<u32>(at(out, i), load<u32>(at(table, load<u8>(from + i))));
    table += bytes(VALUES);
    if (table == end) table = tables;
  }
}

/** out (count, size) ← the floats of each sample. */
export function gatherFloats(source: usize, samples: usize, count: i32, size: i32, out: usize): void {
  for (let row: i32 = 0; row < count; row++) {
    memory.copy(out, sampleAt(source, samples, row, 4 * size), bytes(size));
    out += bytes(size);
  }
}

/** The same, (float − centre) · scale in double precision, channel by channel: `scales` (channels, 2) holds both. */
export function gatherScaled(
  source: usize,
  samples: usize,
  count: i32,
  size: i32,
  scales: usize,
  channels: i32,
  out: usize,
): void {
  for (let row: i32 = 0; row < count; row++) {
    const from = sampleAt(source, samples, row, 4 * size);
    for (let channel: i32 = 0; channel < channels; channel++) {
      const centre = load<f64>(scales + 16 * <usize>channel);
      const scale = load<f64>(scales + 16 * <usize>channel, 8);
      for (let i = channel; i < size; i += channels) {
        store<f32>(at(out, i), <f32>((<f64>load<f32>(at(from, i)) - centre) * scale));
      }
    }
    out += bytes(size);
  }
}
