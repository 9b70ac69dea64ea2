/** How long a message of so many bytes took. */
export interface Timing {
  readonly bytes: number;
  readonly seconds: number;
}

export interface Line {
  /** Seconds of a message without bytes. */
  readonly start: number;
  /** Seconds a byte. */
  readonly slope: number;
}

/**
 * start + slope · bytes with the least squares of relative errors, neither negative: short messages count as much as long
 * ones. Of one timing, or of equal sizes, the slope is 0.
 */
export function fitLine(timings: readonly Timing[]): Line {
  let [w, wx, wxx, wy, wxy] = [0, 0, 0, 0, 0];
  for (const { bytes: x, seconds: y } of timings) {
    const weight = 1 / (y * y);
    w += weight;
    wx += weight * x;
    wxx += weight * x * x;
    wy += weight * y;
    wxy += weight * x * y;
  }
  const determinant = w * wxx - wx * wx;
  const slope = determinant > 1e-12 * w * wxx ? (w * wxy - wx * wy) / determinant : 0;
  if (slope <= 0) return { start: wy / w, slope: 0 };
  const start = (wy - slope * wx) / w;
  return start >= 0 ? { start, slope } : { start: 0, slope: wxy / wxx };
}
