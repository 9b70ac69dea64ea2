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

/** ab + c as the kernels of this module round it. */
export function multiplyAddScalar(a: f32, b: f32, c: f32): f32 {
  return f32x4.extract_lane(multiplyAdd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0);
}
