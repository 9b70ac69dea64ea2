/** Numbers as they are kept: images and bytes of text stay 8-bit until a batch is made. */
export type Values = Uint8Array | Int32Array | Float32Array;

export type Dtype = "uint8" | "int32" | "float32";

/** Samples that are not held as an array, but read from a file, or made, when a batch is. */
export interface RowSource {
  /** Of the values. */
  readonly dtype: Dtype;
  readonly rows: number;
  /** out ← the rows [from, to), one behind the other. @throws UsageError for a value that cannot be, by its place */
  read(from: number, to: number, out: Values): void;
  /** The rows [from, to) as a source of their own. */
  slice(from: number, to: number): RowSource;
}

/** One array of all samples: (count, ...shape), row-major, channels last. */
export interface Field {
  readonly values: Values | RowSource;
  /** Of one sample; empty for one number each. */
  readonly shape: readonly number[];
}

/** One that is held in memory. */
export interface ArrayField extends Field {
  readonly values: Values;
}

/** What one output of a model is to predict. */
export interface Target extends Field {
  /** Where the values are class numbers: they lie between 0 and this. */
  readonly classes?: number | undefined;
  /** What the class numbers stand for, where that has names. */
  readonly names?: readonly string[] | undefined;
  /** What each sample counts, or each step of one: (count) or (count, steps); without it all count 1. */
  readonly weights?: Field | undefined;
}

/** Samples, kept once and compactly. */
export interface Dataset {
  readonly count: number;
  /** One for each input of the model. */
  readonly inputs: readonly Field[];
  /** One for each output. */
  readonly targets: readonly Target[];
}

/** What inputs become, channel by channel: (feature − mean) / deviation. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface DataSplit {
  readonly name: string;
  readonly train: Dataset;
  /** Held back, to measure with. */
  readonly test: Dataset | undefined;
}

/** Samples of one input and one class each. */
export interface Labelled {
  /** (count, ...sampleShape) */
  readonly features: Values;
  /** (count), 0 ≤ label < classes */
  readonly labels: Int32Array;
  readonly sampleShape: readonly number[];
  readonly classes: number;
}

export function labelled({ features, labels, sampleShape, classes }: Labelled): Dataset {
  return {
    count: labels.length,
    inputs: [{ values: features, shape: sampleShape }],
    targets: [{ values: labels, shape: [], classes }],
  };
}

/** The numbers that one sample of such a shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** The samples [from, to), without copying. */
export function rowsOf({ inputs, targets }: Dataset, from: number, to: number): Dataset {
  const part = <T extends Field>(field: T): T => ({ ...field, values: valuesOf(field, from, to) });
  return {
    count: to - from,
    inputs: inputs.map(part),
    targets: targets.map((target) => ({
      ...part(target),
      ...(target.weights ? { weights: part(target.weights) } : {}),
    })),
  };
}

/** Datasets of the same kinds of samples as one, in memory. */
export function concatenated(parts: readonly Dataset[]): Dataset {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const joined = (fields: readonly Field[]): ArrayField => {
    const arrays = fields.map(arrayOf);
    const values = newValues(
      dtypeOf(fields[0]!.values),
      arrays.reduce((sum, array) => sum + array.length, 0),
    );
    let at = 0;
    for (const array of arrays) {
      values.set(array, at);
      at += array.length;
    }
    return { values, shape: fields[0]!.shape };
  };
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    inputs: first!.inputs.map((_, i) => joined(parts.map(({ inputs }) => inputs[i]!))),
    targets: first!.targets.map((target, i) => ({
      ...target,
      ...joined(parts.map(({ targets }) => targets[i]!)),
      ...(target.weights ? { weights: joined(parts.map(({ targets }) => targets[i]!.weights!)) } : {}),
    })),
  };
}

function valuesOf({ values, shape }: Field, from: number, to: number): Field["values"] {
  if (!isHeld(values)) return values.slice(from, to);
  return values.subarray(from * sizeOf(shape), to * sizeOf(shape));
}

/** All values of a field in an array. */
export function arrayOf(field: Field): Values {
  const { values, shape } = field;
  if (isHeld(values)) return values;
  const all = newValues(values.dtype, values.rows * sizeOf(shape));
  values.read(0, values.rows, all);
  return all;
}

/** Whether values are an array in memory. */
export function isHeld(values: Field["values"]): values is Values {
  return ArrayBuffer.isView(values);
}

/** Whether samples, or what is to be predicted of them, are read only when a batch is made. */
export function isStreamed({ inputs, targets }: Dataset): boolean {
  return [...inputs, ...targets].some(({ values }) => !isHeld(values));
}

export function dtypeOf(values: Field["values"]): Dtype {
  if (!isHeld(values)) return values.dtype;
  return values instanceof Uint8Array ? "uint8" : values instanceof Int32Array ? "int32" : "float32";
}

export function newValues(dtype: Dtype, length: number): Values {
  const Kind = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array }[dtype];
  return new Kind(length);
}

/** Bytes of the blocks in which streamed values are gone through. */
const BLOCK = 2 ** 22;

/** All values of a field, piece by piece: those in memory in one, streamed ones by whole rows in an array that is used again. */
export function* blocksOf({ values, shape }: Field): Generator<Values> {
  if (isHeld(values)) {
    yield values;
    return;
  }
  const size = sizeOf(shape);
  const rows = Math.min(values.rows, Math.max(1, Math.floor(BLOCK / (4 * size))));
  const block = newValues(values.dtype, rows * size);
  for (let from = 0; from < values.rows; from += rows) {
    const to = Math.min(values.rows, from + rows);
    values.read(from, to, block);
    yield block.subarray(0, (to - from) * size);
  }
}
