import { scaleLinear, scaleLog } from "d3-scale";

/** The smallest of `values` and `most`. A run may have more epochs than a call takes arguments. */
function smallest(values: readonly number[], most: number): number {
  return values.reduce((a, b) => Math.min(a, b), most);
}

/** The largest of `values` and `least`. */
export function largest(values: readonly number[], least: number): number {
  return values.reduce((a, b) => Math.max(a, b), least);
}

/** A scale with its ticks chosen and labelled. */
export interface Axis {
  readonly label: string;
  /** Value → place between 0 and 1; undefined where the axis does not reach (NaN; zero on a logarithmic axis). */
  readonly place: (value: number) => number | undefined;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** From 0 to the last epoch, ticks at whole epochs. */
export function epochAxis(last: number): Axis {
  const axis = linearAxis("Epoch", Math.max(1, last), String);
  return { ...axis, ticks: axis.ticks.filter(({ text }) => Number.isInteger(Number(text))) };
}

/** From 0 to the last full-batch gradient. */
export function gradientAxis(last: number): Axis {
  return linearAxis("Gradients (full batch)", Math.max(last, 1));
}

/** From 0 to the last second, in the unit that keeps numbers small. */
export function timeAxis(last: number): Axis {
  const [unit, length] = last > 3 * 3600 ? ["hours", 3600] : last > 300 ? ["minutes", 60] : ["seconds", 1];
  const axis = linearAxis(`Training time in ${unit}`, Math.max(last, 1e-3) / length);
  return { ...axis, place: (seconds) => axis.place(seconds / length) };
}

/** From 0 to the last byte, in the unit that keeps numbers small. */
export function bytesAxis(last: number): Axis {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, last)) / 3)));
  const axis = linearAxis(`Bytes sent in ${units[power]!}`, Math.max(last, 1) / 1000 ** power);
  return { ...axis, place: (bytes) => axis.place(bytes / 1000 ** power) };
}

/** From 0 to `last`. */
export function linearAxis(label: string, last: number, format?: (value: number) => string): Axis {
  const scale = scaleLinear([0, last], [0, 1]);
  return {
    label,
    place: (value) => {
      const at = scale(value);
      return Number.isFinite(at) ? at : undefined;
    },
    ticks: labelled(scale.ticks(6), scale, format ?? scale.tickFormat(6)),
  };
}

/** Logarithmic, but for losses of which some are below 0, as a cosine's or a likelihood's: linear then. */
export function lossAxis(label: string, values: readonly number[]): Axis {
  const finite = values.filter(Number.isFinite);
  if (finite.every((value) => value >= 0)) return logAxis(label, values);
  const most = Number.MAX_VALUE / 4; // so that a difference is finite
  const [low, high] = [Math.max(-most, smallest(finite, 0)), Math.min(most, largest(finite, 0))];
  const scale = scaleLinear([low, high], [0, 1]).clamp(true);
  return {
    label,
    place: (value) => (Number.isFinite(value) ? scale(value) : undefined),
    ticks: labelled(scale.ticks(6), scale, scale.tickFormat(6)),
  };
}

/** A smaller error counts as none: one in ten thousand. */
const LEAST_ERROR = 1e-4;

/**
 * In per cent, logarithmic in the error 1 − share: 94 and 97 % are as far apart as 40 and 70 %, so that the axis shows
 * both where curves begin and how they differ in the end. No error at all has its place at the top.
 */
export function shareAxis(label: string, values: readonly number[]): Axis {
  const errors = values.filter(Number.isFinite).map((value) => Math.min(1, 1 - value));
  const made = errors.filter((error) => error >= LEAST_ERROR);
  const worst = Math.min(1, 1.02 * largest(made, made.length > 0 ? 0 : 1));
  const best = smallest(made, worst);
  const none = errors.length > made.length;
  const floor = none ? best / 2 : 0.96 * best;
  const scale = scaleLog([worst, floor], [0, 1]);
  const inside = errorTicks(none ? floor * 1.2 : floor, worst).map((error) => ({
    at: scale(error),
    text: percent(1 - error),
  }));
  return {
    label: `${label} in %`,
    place: (share) => (Number.isFinite(share) ? scale(Math.min(1, Math.max(floor, 1 - share))) : undefined),
    ticks: none ? [...inside, { at: 1, text: "100" }] : inside,
  };
}

/** Errors of round accuracies: 0, 10, … 90, 95, 96, … 99, 99.5 … %, or what is round in a narrower range. */
function errorTicks(floor: number, worst: number): number[] {
  const tens = [1, 0.9, 0.8, 0.7, 0.6];
  const others = [1, 0.1, 0.01, 1e-3].flatMap((power) =>
    [5, 4, 3, 2, 1].map((digit) => (digit * power) / 10),
  );
  const customary = apart([...tens, ...others], floor, worst);
  if (customary.length >= 4) return customary;
  return apart(scaleLinear([floor, worst], [0, 1]).ticks(6).reverse(), floor, worst);
}

/** Those of falling `errors` within the range that are far enough from the one before for their labels. */
function apart(errors: readonly number[], floor: number, worst: number): number[] {
  const distance = 0.065 * Math.log(worst / floor);
  const kept: number[] = [];
  for (const error of errors) {
    const far = kept.length === 0 || Math.log(kept.at(-1)! / error) >= distance;
    if (error >= floor && error <= worst && far) kept.push(error);
  }
  return kept;
}

/** "94", "99.5": as short as the share allows. */
function percent(share: number): string {
  return String(Number((100 * share).toPrecision(6)));
}

// Beyond this a loss is as good as zero or infinite, and powers of ten would leave the range of numbers.
const shown = (value: number): boolean => value > 1e-30 && value < 1e30;

/** Logarithmic; ticks at 1, 2 and 5 times powers of ten, fewer or more as the range is wide or narrow. */
export function logAxis(label: string, values: readonly number[]): Axis {
  const positive = values.filter(shown);
  const low = positive.length > 0 ? smallest(positive, Infinity) : 0.1;
  const high = positive.length > 0 ? largest(positive, 0) : 1;
  const padding = Math.max(1.05, (high / low) ** 0.04);
  const scale = scaleLog([low / padding, high * padding], [0, 1]);
  return {
    label,
    place: (value) => (shown(value) ? scale(value) : undefined),
    ticks: labelled(logTicks(low / padding, high * padding), scale, decimal),
  };
}

const MOST_TICKS = 10;

/** Of the customary choices the first with enough ticks between `low` and `high`. */
function logTicks(low: number, high: number): number[] {
  for (const factors of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 7]]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      // 3e-1 is what it says; 3 · 0.1 is not
      ticks.push(...factors.map((factor) => Number(`${factor}e${power}`)));
    }
    const inside = ticks.filter((tick) => tick >= low && tick <= high);
    const every = Math.ceil(inside.length / MOST_TICKS);
    if (inside.length >= 4) return inside.filter((_, index) => index % every === 0);
  }
  return scaleLinear([low, high], [0, 1]).ticks(5);
}

/** 0.003, 12, 1e-6: as short as the number allows. */
function decimal(value: number): string {
  return value >= 1e-4 && value < 1e5 ? String(Number(value.toPrecision(6))) : value.toExponential();
}

function labelled(
  values: readonly number[],
  scale: (value: number) => number,
  format: (value: number) => string,
): Axis["ticks"] {
  return values.map((value) => ({ at: scale(value), text: format(value) }));
}
