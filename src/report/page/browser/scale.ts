/** An axis: values, and coordinates along it that are evenly spaced. */
export interface Scale {
  /** NaN for a value that has no place. */
  to(value: number): number;
  from(at: number): number;
  /** Between two coordinates, about so many. */
  ticks(low: number, high: number, count: number): readonly { readonly at: number; readonly text: string }[];
  /** A value as a reader sees it. */
  text(value: number): string;
}

/** As short as the number allows, to four digits. */
export function short(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6
    ? String(Number(value.toPrecision(4)))
    : value.toExponential(2).replace("e+", "e");
}

export const linear: Scale = {
  to: (value) => value,
  from: (at) => at,
  ticks(low, high, count) {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((factor) => factor * power >= rough)! * power;
    const first = Math.ceil(low / step);
    const ticks = [];
    // Multiplied, not added up: 0.3 is 3 · 0.1 to twelve digits.
    for (let i = first; i * step <= high; i++) {
      const at = Number((i * step).toPrecision(12));
      ticks.push({ at, text: short(at) });
    }
    return ticks;
  },
  text: short,
};

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
  return linear.ticks(10 ** low, 10 ** high, count).map(({ at }) => at);
}

export const logarithmic: Scale = {
  to: (value) => (value > 1e-30 ? Math.log10(value) : NaN),
  from: (at) => 10 ** at,
  ticks: (low, high, count) =>
    decades(low, high, count).map((value) => ({ at: Math.log10(value), text: short(value) })),
  text: short,
};

/** A smaller error counts as none. */
const LEAST_ERROR = 5e-5;

/** Shares, in per cent, logarithmic in what is missing to 1: 94 and 97 % are as far apart as 40 and 70 %. */
export const error: Scale = {
  to: (share) => -Math.log10(Math.min(1, Math.max(LEAST_ERROR, 1 - share))),
  from: (at) => 1 - 10 ** -at,
  ticks: (low, high, count) =>
    decades(-high, -low, count).map((missing) => ({ at: -Math.log10(missing), text: percent(1 - missing) })),
  text: (share) => `${percent(share)} %`,
};

/** Shares, in per cent. */
export const share: Scale = {
  ...linear,
  ticks: (low, high, count) => linear.ticks(low, high, count).map(({ at }) => ({ at, text: percent(at) })),
  text: (value) => `${percent(value)} %`,
};

function percent(value: number): string {
  return String(Number((100 * value).toPrecision(5)));
}
