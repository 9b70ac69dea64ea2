/** An axis: values, and coordinates along it that are evenly spaced. */
export interface Scale {
  /** NaN for a value that has no place. */
  to(value: number): number;
  from(at: number): number;
  /** Between two coordinates, about so many. */
  ticks(low: number, high: number, count: number): readonly Tick[];
  /** A value as a reader sees it. */
  text(value: number): string;
}

interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Values as coordinates, and the ends of those that have a place. */
export interface Placed {
  readonly at: Float64Array;
  readonly low: number;
  readonly high: number;
}

const known = new WeakMap<Float32Array, Map<Scale, Placed>>();

/** Computed once: charts are drawn anew far more often than their values or scales are others. */
export function placedBy(scale: Scale, values: Float32Array): Placed {
  const byScale = known.get(values) ?? new Map<Scale, Placed>();
  known.set(values, byScale);
  const before = byScale.get(scale);
  if (before) return before;
  const at = Float64Array.from(values);
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < at.length; i++) {
    const place = (at[i] = scale.to(at[i]!));
    if (place < low) low = place;
    if (place > high && place < Infinity) high = place;
  }
  const placed = { at, low, high };
  byScale.set(scale, placed);
  return placed;
}

/** As short as the number allows, to so many digits. */
export function short(value: number, digits = 4): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6
    ? String(Number(value.toPrecision(digits)))
    : value.toExponential(Math.min(20, digits - 2)).replace(/\.?0*e\+?/, "e");
}

/** A share as a percentage, to so many digits. */
function percent(value: number, digits = 5): string {
  return String(Number((100 * value).toPrecision(digits)));
}

const MOST_DIGITS = 12;

/** Each value at its place, with as many digits as tell what it is. */
function labelled(
  values: readonly number[],
  to: (value: number) => number,
  text: (value: number, digits: number) => string,
): Tick[] {
  let digits = 4;
  const isTold = (value: number): boolean => Number(text(value, digits)) === Number(text(value, MOST_DIGITS));
  while (digits < MOST_DIGITS && !values.every(isTold)) digits++;
  return values.map((value) => ({ at: to(value), text: text(value, digits) }));
}

export const linear: Scale = {
  to: (value) => value,
  from: (at) => at,
  ticks: (low, high, count) => labelled(evenly(low, high, count), (value) => value, short),
  text: (value) => short(value),
};

/** Multiples of a round number. */
function evenly(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough)! * power;
  const values: number[] = [];
  // Multiplied, not added up: 0.3 is 3 · 0.1 to twelve digits.
  for (let i = Math.ceil(low / step); i * step <= high; i++)
    values.push(Number((i * step).toPrecision(MOST_DIGITS)));
  return values;
}

/** At 1, 2 and 5 times powers of ten, where they are few; else at powers of ten. */
function decades(low: number, high: number, count: number): number[] {
  const values: number[] = [];
  for (const factors of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]]) {
    values.length = 0;
    for (let power = Math.floor(low); power <= high; power++)
      values.push(...factors.map((factor) => Number(`${factor}e${power}`)));
    const inside = values.filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
    const every = Math.ceil(inside.length / (1.5 * count));
    if (inside.length >= 0.7 * count) return inside.filter((_, index) => index % every === 0);
  }
  return evenly(10 ** low, 10 ** high, count);
}

export const logarithmic: Scale = {
  to: (value) => (value > 1e-30 ? Math.log10(value) : NaN),
  from: (at) => 10 ** at,
  ticks: (low, high, count) => labelled(decades(low, high, count), Math.log10, short),
  text: (value) => short(value),
};

/** A smaller error counts as none. */
const LEAST_ERROR = 5e-5;

/** Shares, in per cent, logarithmic in what is missing to 1: 94 and 97 % are as far apart as 40 and 70 %. */
export const error: Scale = {
  to: (share) => -Math.log10(Math.min(1, Math.max(LEAST_ERROR, 1 - share))),
  from: (at) => 1 - 10 ** -at,
  ticks: (low, high, count) =>
    labelled(
      decades(-high, -low, count).map((missing) => 1 - missing),
      (value) => -Math.log10(1 - value),
      percent,
    ),
  text: (value) => `${percent(value)} %`,
};

/** Shares, in per cent. */
export const share: Scale = {
  ...linear,
  ticks: (low, high, count) => labelled(evenly(low, high, count), (value) => value, percent),
  text: (value) => `${percent(value)} %`,
};
