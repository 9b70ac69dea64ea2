/** Numbers as they are kept: images and bytes of text stay 8-bit until a batch is made. */
export type Values = Uint8Array | Int32Array | Float32Array;

/** One array of all samples: (count, ...shape), row-major, channels last. */
export interface Field {
  readonly values: Values;
  /** Of one sample; empty for one number each. */
  readonly shape: readonly number[];
}

/** What one output of a model is to predict. */
export interface Target extends Field {
  /** Where the values are class numbers: they lie between 0 and this. */
  readonly classes?: number | undefined;
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
  const part = <T extends Field>(field: T): T => ({
    ...field,
    values: field.values.subarray(from * sizeOf(field.shape), to * sizeOf(field.shape)),
  });
  return {
    count: to - from,
    inputs: inputs.map(part),
    targets: targets.map((target) => ({
      ...part(target),
      ...(target.weights ? { weights: part(target.weights) } : {}),
    })),
  };
}
