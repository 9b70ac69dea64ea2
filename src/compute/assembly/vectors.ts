/**
 * What methods do with vectors, on a memory of its own (src/linalg/vector-kernels.ts): a module beside that of the heap,
 * since methods know nothing of the heap. Each does the plain loop's operations, in their order and precision. Arrays end at whole groups of four floats; what lies behind their last number is computed with the
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
 * m, v and θ ← what a step of Adam with gradient g makes of n of their floats, in single precision:
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − rate m / (root √v + ε).
 */
export function adam(
  n: i32,
  m: usize,
  v: usize,
  theta: usize,
  g: usize,
  beta1: f32,
  beta2: f32,
  rate: f32,
  root: f32,
  epsilon: f32,
): void {
  Adam.steps(false, n, m, v, theta, g, beta1, beta2, rate, root, epsilon, 0, 1, 0, 1, 0, 0);
}

/**
 * The same with g ← g + coupled θ before it, and θ ← keep θ − s, where no component of the step s is more than `limit`, and only
 * a share `against` of it is left where m and g have opposite signs.
 * Where `mean` is not 0, it is drawn towards θ on the same way: mean ← mean + share (θ − mean).
 */
export function restrainedAdam(
  n: i32,
  m: usize,
  v: usize,
  theta: usize,
  g: usize,
  beta1: f32,
  beta2: f32,
  rate: f32,
  root: f32,
  epsilon: f32,
  coupled: f32,
  keep: f32,
  limit: f32,
  against: f32,
  mean: usize,
  share: f64,
): void {
  Adam.steps(
    true,
    n,
    m,
    v,
    theta,
    g,
    beta1,
    beta2,
    rate,
    root,
    epsilon,
    coupled,
    keep,
    limit,
    against,
    mean,
    share,
  );
}

/** Inlined in both (which a class's function can be), where `restrained` is a constant: the plain one takes half the time. */
class Adam {
  @inline
  static steps(
    restrained: bool,
    n: i32,
    m: usize,
    v: usize,
    theta: usize,
    g: usize,
    beta1: f32,
    beta2: f32,
    rate: f32,
    root: f32,
    epsilon: f32,
    coupled: f32,
    keep: f32,
    limit: f32,
    against: f32,
    mean: usize,
    share: f64,
  ): void {
    const end = m + ((<usize>n) << 2);
    const b1 = f32x4.splat(beta1);
    const rest1 = f32x4.splat(1 - beta1);
    const b2 = f32x4.splat(beta2);
    const rest2 = f32x4.splat(1 - beta2);
    const upTo = f32x4.splat(limit);
    while (m < end) {
      const x4 = v128.load(theta);
      let g4 = v128.load(g);
      if (restrained) g4 = f32x4.add(g4, f32x4.mul(f32x4.splat(coupled), x4));
      const m4 = f32x4.add(f32x4.mul(b1, v128.load(m)), f32x4.mul(rest1, g4));
      const v4 = f32x4.add(f32x4.mul(b2, v128.load(v)), f32x4.mul(f32x4.mul(rest2, g4), g4));
      v128.store(m, m4);
      v128.store(v, v4);
      const below = f32x4.add(f32x4.mul(f32x4.splat(root), f32x4.sqrt(v4)), f32x4.splat(epsilon));
      let s4 = f32x4.div(f32x4.mul(f32x4.splat(rate), m4), below);
      let kept = x4;
      if (restrained) {
        s4 = f32x4.pmax(f32x4.pmin(s4, upTo), f32x4.neg(upTo)); // NaN stays
        const isAgainst = f32x4.lt(f32x4.mul(m4, g4), f32x4.splat(0));
        s4 = f32x4.mul(s4, v128.bitselect(f32x4.splat(against), f32x4.splat(1), isAgainst));
        kept = f32x4.mul(f32x4.splat(keep), x4);
      }
      const next = f32x4.sub(kept, s4);
      v128.store(theta, next);
      if (restrained && mean != 0) {
        v128.store(mean, drawn(v128.load(mean), next, f64x2.splat(share)));
        mean += 16;
      }
      m += 16;
      v += 16;
      theta += 16;
      g += 16;
    }
  }
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
