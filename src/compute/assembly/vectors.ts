/**
 * What methods do with vectors, on a memory of its own (src/linalg/vector-kernels.ts): a module beside that of the heap,
 * since methods know nothing of the heap. Each does the plain loop's operations, in their order: in double precision, two
 * numbers at a time. Arrays end at whole groups of four floats; what lies behind their last number is computed with the
 * rest and means nothing.
 */

/**
 * The largest magnitude among n floats; NaN if any is NaN. Without their sign floats are ordered as whole numbers are, and
 * NaN lies above infinity; the maximum of floats takes eight instructions, since it asks for NaN each time.
 */
export function largest(n: i32, a: usize): f32 {
  const magnitude = i32x4.splat(0x7fffffff);
  let most = i32x4.splat(0);
  const end = a + ((<usize>n) << 2);
  for (; a + 16 <= end; a += 16) most = i32x4.max_s(most, v128.and(v128.load(a), magnitude));
  for (; a < end; a += 4) most = i32x4.max_s(most, v128.and(v128.load32_splat(a), magnitude));
  const left = max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1));
  return reinterpret<f32>(max(left, max(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3))));
}

/**
 * m, v and θ ← what a step of Adam with gradient g makes of n of their floats:
 * g ← g + coupled θ, m ← β₁m + rest₁g, v ← β₂v + rest₂g², θ ← keep θ − rate m / (√(scale v) + ε), of which only a share
 * `against` where m and g have opposite signs.
 * Where `mean` is not 0, it is drawn towards θ on the same way: mean ← mean + share (θ − mean).
 */
export function adam(
  n: i32,
  m: usize,
  v: usize,
  theta: usize,
  g: usize,
  mean: usize,
  beta1: f64,
  rest1: f64,
  beta2: f64,
  rest2: f64,
  coupled: f64,
  keep: f64,
  rate: f64,
  scale: f64,
  epsilon: f64,
  limit: f64,
  against: f64,
  share: f64,
): void {
  const end = m + ((<usize>n) << 2);
  while (m < end) {
    const m4 = v128.load(m);
    const v4 = v128.load(v);
    const x4 = v128.load(theta);
    const g4 = v128.load(g);
    let x = f64x2.promote_low_f32x4(x4);
    let gradient = f64x2.add(f64x2.promote_low_f32x4(g4), f64x2.mul(f64x2.splat(coupled), x));
    let momentum = average(f64x2.promote_low_f32x4(m4), beta1, rest1, gradient);
    let square = averageOfSquares(f64x2.promote_low_f32x4(v4), beta2, rest2, gradient);
    const momenta = f32x4.demote_f64x2_zero(momentum);
    const squares = f32x4.demote_f64x2_zero(square);
    const low = f32x4.demote_f64x2_zero(
      moved(x, momentum, square, gradient, keep, rate, scale, epsilon, limit, against),
    );
    x = f64x2.promote_low_f32x4(upper(x4));
    gradient = f64x2.add(f64x2.promote_low_f32x4(upper(g4)), f64x2.mul(f64x2.splat(coupled), x));
    momentum = average(f64x2.promote_low_f32x4(upper(m4)), beta1, rest1, gradient);
    square = averageOfSquares(f64x2.promote_low_f32x4(upper(v4)), beta2, rest2, gradient);
    v128.store(m, joined(momenta, f32x4.demote_f64x2_zero(momentum)));
    v128.store(v, joined(squares, f32x4.demote_f64x2_zero(square)));
    const high = f32x4.demote_f64x2_zero(
      moved(x, momentum, square, gradient, keep, rate, scale, epsilon, limit, against),
    );
    const moved4 = joined(low, high);
    v128.store(theta, moved4);
    if (mean != 0) {
      v128.store(mean, drawn(v128.load(mean), moved4, f64x2.splat(share)));
      mean += 16;
    }
    m += 16;
    v += 16;
    theta += 16;
    g += 16;
  }
}

function average(m: v128, beta: f64, rest: f64, g: v128): v128 {
  return f64x2.add(f64x2.mul(f64x2.splat(beta), m), f64x2.mul(f64x2.splat(rest), g));
}

function averageOfSquares(v: v128, beta: f64, rest: f64, g: v128): v128 {
  return f64x2.add(f64x2.mul(f64x2.splat(beta), v), f64x2.mul(f64x2.mul(f64x2.splat(rest), g), g));
}

function moved(
  x: v128,
  mean: v128,
  square: v128,
  gradient: v128,
  keep: f64,
  rate: f64,
  scale: f64,
  epsilon: f64,
  limit: f64,
  against: f64,
): v128 {
  const root = f64x2.add(f64x2.sqrt(f64x2.mul(f64x2.splat(scale), square)), f64x2.splat(epsilon));
  const step = f64x2.div(f64x2.mul(f64x2.splat(rate), mean), root);
  const inside = f64x2.max(f64x2.splat(-limit), f64x2.min(f64x2.splat(limit), step));
  const isAgainst = f64x2.lt(f64x2.mul(mean, gradient), f64x2.splat(0));
  const share = v128.bitselect(f64x2.splat(against), f64x2.splat(1), isAgainst);
  return f64x2.sub(f64x2.mul(f64x2.splat(keep), x), f64x2.mul(share, inside));
}

/** a ← a + share (x − a), in float64 */
export function draw(n: i32, a: usize, x: usize, share: f64): void {
  const end = a + ((<usize>n) << 2);
  const part = f64x2.splat(share);
  while (a < end) {
    v128.store(a, drawn(v128.load(a), v128.load(x), part));
    a += 16;
    x += 16;
  }
}

function drawn(a: v128, x: v128, share: v128): v128 {
  let from = f64x2.promote_low_f32x4(a);
  let to = f64x2.promote_low_f32x4(x);
  const low = f32x4.demote_f64x2_zero(f64x2.add(from, f64x2.mul(share, f64x2.sub(to, from))));
  from = f64x2.promote_low_f32x4(upper(a));
  to = f64x2.promote_low_f32x4(upper(x));
  const high = f32x4.demote_f64x2_zero(f64x2.add(from, f64x2.mul(share, f64x2.sub(to, from))));
  return joined(low, high);
}

function upper(x: v128): v128 {
  return v128.shuffle<u64>(x, x, 1, 1);
}

function joined(low: v128, high: v128): v128 {
  return v128.shuffle<u64>(low, high, 0, 2);
}
