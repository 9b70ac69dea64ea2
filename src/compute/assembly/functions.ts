import { exp, expMinusOne, logOnePlus, tanh } from "./math";

/**
 * Activation functions whose slope follows from their value, in four lanes: f(x), and f′ from y = f(x). Loops are generic in
 * them, so that each function has loops of its own and nothing is asked there.
 */
@unmanaged
export class Linear {
  value(x: v128): v128 {
    return x;
  }
  slope(_y: v128): v128 {
    return f32x4.splat(1);
  }
}

@unmanaged
export class Relu {
  /** Of NaN and 0, pmax gives its first operand. */
  value(x: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }
  slope(y: v128): v128 {
    return v128.and(f32x4.splat(1), f32x4.gt(y, f32x4.splat(0)));
  }
}

@unmanaged
export class Sigmoid {
  value(x: v128): v128 {
    return sigmoid(x);
  }
  slope(y: v128): v128 {
    return f32x4.mul(y, f32x4.sub(f32x4.splat(1), y));
  }
}

@unmanaged
export class Tanh {
  value(x: v128): v128 {
    return tanh(x);
  }
  slope(y: v128): v128 {
    return f32x4.sub(f32x4.splat(1), f32x4.mul(y, y));
  }
}

@unmanaged
export class Elu {
  value(x: v128): v128 {
    return v128.bitselect(x, expMinusOne(x), f32x4.gt(x, f32x4.splat(0)));
  }
  slope(y: v128): v128 {
    return f32x4.min(f32x4.splat(1), f32x4.add(y, f32x4.splat(1)));
  }
}

@unmanaged
export class Relu6 {
  value(x: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.splat(0)), f32x4.splat(6));
  }
  slope(y: v128): v128 {
    return v128.and(f32x4.splat(1), inside(y, f32x4.splat(6)));
  }
}

/** Klambauer et al. 2017: its slope above 0, and that times its α. */
const SELU_SCALE: f32 = 1.0507009873554805;
const SELU_SCALE_ALPHA: f32 = 1.7580993408473768;

@unmanaged
export class Selu {
  value(x: v128): v128 {
    const below = f32x4.mul(expMinusOne(x), f32x4.splat(SELU_SCALE_ALPHA));
    return v128.bitselect(f32x4.mul(x, f32x4.splat(SELU_SCALE)), below, f32x4.gt(x, f32x4.splat(0)));
  }
  slope(y: v128): v128 {
    const below = f32x4.add(y, f32x4.splat(SELU_SCALE_ALPHA));
    return v128.bitselect(f32x4.splat(SELU_SCALE), below, f32x4.gt(y, f32x4.splat(0)));
  }
}

@unmanaged
export class Softplus {
  /** ln(1 + eˣ), without overflow and exact to rounding where it is small. */
  value(x: v128): v128 {
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), logOnePlus(exp(f32x4.neg(f32x4.abs(x)))));
  }
  slope(y: v128): v128 {
    return f32x4.neg(expMinusOne(f32x4.neg(y)));
  }
}

@unmanaged
export class Softsign {
  value(x: v128): v128 {
    return f32x4.div(x, f32x4.add(f32x4.abs(x), f32x4.splat(1)));
  }
  slope(y: v128): v128 {
    const rest = f32x4.sub(f32x4.splat(1), f32x4.abs(y));
    return f32x4.mul(rest, rest);
  }
}

@unmanaged
export class HardSigmoid {
  value(x: v128): v128 {
    const line = f32x4.add(f32x4.mul(x, f32x4.splat(0.2)), f32x4.splat(0.5));
    return f32x4.pmin(f32x4.pmax(line, f32x4.splat(0)), f32x4.splat(1));
  }
  slope(y: v128): v128 {
    return v128.and(f32x4.splat(0.2), inside(y, f32x4.splat(1)));
  }
}

/** 1/(1 + e⁻ˣ) */
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** Whether 0 < y < limit, lane by lane. */
function inside(y: v128, limit: v128): v128 {
  return v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, limit));
}
