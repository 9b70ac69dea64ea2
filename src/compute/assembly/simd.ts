/**
 * ab + c in four lanes. Two modules are built of this source: with FUSED rounding happens once (relaxed SIMD, one
 * instruction on every x64 since 2013 and every ARM64), without it twice, on engines that lack relaxed SIMD.
 */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** The address of element `index` of a float32 array. */
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** The bytes of so many floats. */
export function bytes(elements: i32): usize {
  return (<usize>elements) << 2;
}

/** ab + c as the kernels of this module round it. */
export function multiplyAddScalar(a: f32, b: f32, c: f32): f32 {
  return f32x4.extract_lane(multiplyAdd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0);
}

/** The `count` < 4 floats at `address` in the low lanes, zero beyond. */
export function loadPart(address: usize, count: i32): v128 {
  let x = f32x4.splat(0);
  x = f32x4.replace_lane(x, 0, load<f32>(address));
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(address, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(address, 8));
  return x;
}

/** The low `count` < 4 lanes of x to `address`. */
export function storePart(address: usize, count: i32, x: v128): void {
  store<f32>(address, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(address, f32x4.extract_lane(x, 1), 4);
  if (count > 2) store<f32>(address, f32x4.extract_lane(x, 2), 8);
}

/** The `count` ≤ 4 floats at `address` in the low lanes, zero beyond. */
export function load4(address: usize, count: i32): v128 {
  return count == 4 ? v128.load(address) : loadPart(address, count);
}

/** The low `count` ≤ 4 lanes of x to `address`. */
export function store4(address: usize, count: i32, x: v128): void {
  if (count == 4) v128.store(address, x);
  else storePart(address, count, x);
}

/** The low `n` ≤ 4 lanes of x to `address`, + what is there where `add`. */
export function storeColumns(address: usize, x: v128, n: i32, add: bool): void {
  store4(address, n, add ? f32x4.add(x, load4(address, n)) : x);
}

/** All bits of the first `count` < 4 lanes. */
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

export function sumOfLanes(x: v128): f32 {
  const low = f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1);
  return low + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}
