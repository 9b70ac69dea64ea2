import { join } from "node:path";
import type { Dataset } from "../data/dataset.js";
import { checkShards } from "../data/batches.js";
import { readDataset } from "../data/dataset-file.js";
import { Batch, checkHeld, largestChunk } from "../network/batch.js";
import { withTargetsFor } from "../network/goal/targets.js";
import type { BatchProblem, RankNetwork } from "../network/rank-network.js";
import { forStatistics, type EpochSource } from "./epochs.js";
import type { StreamedSamples } from "./program.js";
import type { Setup } from "./setup.js";

/**
 * The problems of epochs whose samples the program makes anew each time: every rank reads a mini-batch when its turn
 * comes, and holds no other.
 */
export class StreamedEpochs implements EpochSource {
  constructor(
    private readonly setup: Pick<Setup, "data" | "goal" | "inputs" | "chunking" | "cut" | "shards">,
    private readonly network: RankNetwork,
  ) {}

  async *problems(epoch: number, done: number, samples?: StreamedSamples): AsyncGenerator<BatchProblem> {
    for (let b = done; b < this.setup.cut.batchesPerEpoch; b++) {
      const batch = await this.#training(samples!, b);
      try {
        yield this.network.problem(`epoch ${epoch}, mini-batch ${b + 1}`, batch);
      } finally {
        batch.dispose();
      }
    }
  }

  async *forStatistics(samples?: StreamedSamples): AsyncGenerator<Batch> {
    const { data, cut } = this.setup;
    const epoch = { ...cut, batches: cut.batchesPerEpoch };
    for (const b of forStatistics(data.train.count, epoch)) {
      const batch = await this.#training(samples!, b);
      try {
        yield batch;
      } finally {
        batch.dispose();
      }
    }
  }

  /** Mini-batch number `b` of an epoch, as it is trained on. */
  async #training(samples: StreamedSamples, b: number): Promise<Batch> {
    const { inputs, chunking, shards = 1 } = this.setup;
    const dataset = await this.#read(samples, b);
    checkShards(dataset.count, shards);
    const chunk = largestChunk(dataset.count, chunking);
    this.network.checkChunk(chunk);
    checkHeld(dataset, chunk);
    return new Batch(dataset, { ...inputs.training, ...this.network.reading }, chunking);
  }

  /** All mini-batches, to measure with. */
  async *measuring(samples: StreamedSamples): AsyncGenerator<Batch> {
    for (let b = 0; b < this.setup.cut.batchesPerEpoch; b++) {
      const batch = new Batch(await this.#read(samples, b), {
        ...this.setup.inputs.measuring,
        ...this.network.reading,
      });
      try {
        yield batch;
      } finally {
        batch.dispose();
      }
    }
  }

  async #read({ folder }: StreamedSamples, b: number): Promise<Dataset> {
    return withTargetsFor(this.setup.goal, await readDataset(join(folder, `${b}.apts`)), "training");
  }
}
