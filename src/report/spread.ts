/** What a curve and its band are of several runs. */
export const BANDS = ["quartiles", "95", "range"] as const;
export type Band = (typeof BANDS)[number];

/** As a legend says it: "(median and quartiles of 5 runs)". */
export const BAND_WORDS: Readonly<Record<Band, string>> = {
  quartiles: "median and quartiles of",
  "95": "mean and its 95 % interval, of",
  range: "median, smallest and largest of",
};

/** The middle of some values, and the ends of the band around it. NaN where a value is. */
export interface Spread {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/** @param values at least one */
export function spreadOf(values: readonly number[], band: Band): Spread {
  if (values.length === 1) return { middle: values[0]!, low: values[0]!, high: values[0]! };
  if (band === "95") return interval(values);
  if (values.some(Number.isNaN)) return { middle: NaN, low: NaN, high: NaN };
  const sorted = sortedOf(values);
  const [low, high] = band === "quartiles" ? [0.25, 0.75] : [0, 1];
  return { middle: quantile(sorted, 0.5), low: quantile(sorted, low), high: quantile(sorted, high) };
}

/** So many seeds at most are sorted sooner by insertion than by a call of the engine's sort. */
const FEW = 32;

function sortedOf(values: readonly number[]): ArrayLike<number> {
  if (values.length > FEW) return new Float64Array(values).sort(); // several times as fast as by a comparison
  const sorted: number[] = [];
  for (const value of values) {
    let at = sorted.length;
    while (at > 0 && sorted[at - 1]! > value) {
      sorted[at] = sorted[at - 1]!;
      at--;
    }
    sorted[at] = value;
  }
  return sorted;
}

/** On the line between the two values that are nearest, as NumPy's quantile. */
function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below === above ? below : below + (above - below) * (at - Math.floor(at));
}

/** Where the mean of normally distributed values lies with 95 % confidence: mean ± t s / √n, by Student's t of n − 1. */
function interval(values: readonly number[]): Spread {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = student(n - 1) * Math.sqrt(variance / n);
  return { middle: mean, low: mean - half, high: mean + half };
}

/** The 97.5 % quantiles of Student's t with 1 to 30 degrees of freedom. */
// prettier-ignore
const STUDENT = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281,
  2.201, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093, 2.086,
  2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
];

/** Beyond the table the first term of its expansion in 1 / degrees, to 0.001. */
export function student(degrees: number): number {
  return STUDENT[degrees - 1] ?? 1.95996 + 2.3722 / degrees + 2.8225 / degrees ** 2;
}
