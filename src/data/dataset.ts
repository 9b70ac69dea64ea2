/**
 * Labelled samples, kept once and compactly: images stay 8-bit until a batch is made.
 *
 * `features` is (count, ...sampleShape) row-major, channels last; `labels` is (count), 0 ≤ label < classes.
 */
export interface Dataset {
  readonly features: Uint8Array | Float32Array;
  readonly labels: Int32Array;
  readonly sampleShape: readonly number[];
  readonly classes: number;
}

/** What inputs become, channel by channel: (feature − mean) / deviation. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface DataSplit {
  readonly name: string;
  readonly train: Dataset;
  readonly test: Dataset;
}
