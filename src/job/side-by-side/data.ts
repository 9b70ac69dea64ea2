import { fingerprintOf } from "../../data/fingerprint.js";
import { dataOf } from "../../run/data-of-run.js";
import type { TrainConfig } from "../../run/options/config.js";

/** What a plan needs to know of data. */
export interface KnownData {
  /** Samples that are trained on. */
  readonly count: number;
  /** SHA-256 of them, and of those measured with. */
  readonly train: string;
  readonly test: string | null;
}

/** Reads data to know them; those that several configurations share, once. */
export class DataKnowledge {
  readonly #known = new Map<string, Promise<KnownData>>();

  /** @throws UsageError where they cannot be read */
  of(config: TrainConfig): Promise<KnownData> {
    const { data, dataDir, trainSamples, testSamples, validationSplit } = config;
    const { label, task, imageSize, block, tokens } = config;
    const parts = [
      data,
      dataDir,
      trainSamples,
      testSamples,
      validationSplit,
      label,
      task,
      imageSize,
      block,
      tokens,
    ];
    const key = JSON.stringify(parts);
    const known = this.#known.get(key) ?? learn(config);
    this.#known.set(key, known);
    return known;
  }
}

async function learn(config: TrainConfig): Promise<KnownData> {
  const { train, test } = await dataOf(config, undefined);
  return { count: train.count, train: fingerprintOf(train), test: test ? fingerprintOf(test) : null };
}
