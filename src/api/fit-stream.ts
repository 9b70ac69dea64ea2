import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { concatenated, type Dataset } from "../data/dataset.js";
import { writeDataset } from "../data/dataset-file.js";
import { UsageError } from "../errors.js";
import type { StreamedSamples } from "../run/program.js";
import { weighted, type ClassWeights } from "./fit-data.js";
import type { GivenSlots } from "./given-model.js";
import { batchesOf, type GivenStream } from "./given-stream.js";

export interface StreamOptions {
  readonly batchSize: number | undefined;
  /** Mini-batches an epoch; the stream then goes on from epoch to epoch, and may be without end. */
  readonly stepsPerEpoch: number | undefined;
  readonly classWeight: ClassWeights | undefined;
  readonly slots: GivenSlots;
}

/** Pulls a stream for each epoch, and writes the epoch's mini-batches into files for the ranks. */
export class FitStream {
  /** Mini-batches an epoch. */
  batches = 0;
  /** The first of them. */
  first: Dataset | undefined;
  #pass: AsyncGenerator<Dataset> | undefined;
  #epochs = 0;
  #folder: string | undefined;

  constructor(
    private readonly stream: GivenStream,
    private readonly folder: string,
    private readonly options: StreamOptions,
  ) {}

  /** The samples of the next epoch; those of the one before are gone. */
  async next(): Promise<StreamedSamples> {
    const { batchSize, stepsPerEpoch = Infinity, classWeight, slots } = this.options;
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true });
    const folder = join(this.folder, `epoch-${++this.#epochs}`);
    this.#folder = folder;
    await mkdir(folder);
    if (stepsPerEpoch === Infinity) this.#pass = undefined;
    const pass = (this.#pass ??= batchesOf(this.stream, batchSize, slots));
    let count = 0;
    let batches = 0;
    while (batches < stepsPerEpoch) {
      const next = await pass.next();
      if (next.done) break;
      const samples = await weighted(next.value, { classWeight }, slots.outputs);
      this.first ??= samples;
      await writeDataset(join(folder, `${batches}.apts`), samples);
      batches++;
      count += samples.count;
    }
    if (this.#epochs === 1 && stepsPerEpoch === Infinity) this.batches = batches;
    else if (this.#epochs === 1) this.batches = stepsPerEpoch;
    if (batches === this.batches && batches > 0) return { folder, count };
    throw new UsageError(
      `Expected ${this.batches || "some"} mini-batches of the dataset for epoch ${this.#epochs}, got ${batches}. ` +
        (stepsPerEpoch === Infinity
          ? "Give a dataset, or a function that makes a generator for each epoch, of as many mini-batches every time."
          : "Let the dataset go on: dataset.repeat()."),
    );
  }

  /** Lets the stream go. */
  async end(): Promise<void> {
    await this.#pass?.return(undefined);
  }
}

/** All samples of a stream, or of its first batches, in memory. */
export async function collected(stream: GivenStream, slots: GivenSlots, most = Infinity): Promise<Dataset> {
  const parts: Dataset[] = [];
  for await (const batch of batchesOf(stream, undefined, slots)) {
    parts.push(batch);
    if (parts.length >= most) break;
  }
  if (parts.length === 0) throw new UsageError("Expected samples in validationData, got none.");
  return concatenated(parts);
}
