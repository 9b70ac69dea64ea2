import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import { startBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { readDataset, writeDataset } from "../../src/data/dataset-file.js";
import { isStreamed, labelled, type Dataset } from "../../src/data/dataset.js";
import { byLayers } from "../../src/decomposition/layers.js";
import { UsageError } from "../../src/errors.js";
import {
  Batch,
  checkHeld,
  chunkCount,
  leastRows,
  measuredChunking,
  sampleBytes,
  type Chunking,
  type Reads,
} from "../../src/network/batch.js";
import { fcnn } from "../../src/network/models/fcnn.js";
import { NetworkProblem } from "../../src/network/problem.js";
import { EvaluationCount } from "../../src/network/rank-network.js";
import { Random } from "../../src/random.js";
import { temporaryFolder } from "../helpers/apts.js";
import { evaluatorOf, randomTheta } from "../helpers/network/networks.js";

const random = new Random(11);
const held = labelled({
  sampleShape: [12],
  classes: 4,
  features: Float32Array.from({ length: 12 * 1100 }, () => random.normal(0, 1)),
  labels: Int32Array.from({ length: 1100 }, () => random.integer(4)),
});

async function streamed(): Promise<Dataset> {
  const path = join(temporaryFolder(), "data");
  await writeDataset(path, held);
  const read = await readDataset(path, 1000);
  expect(isStreamed(read)).toBe(true);
  return read;
}

describe("the chunks of a batch", () => {
  it("have 250 samples or more where nothing is known of what these take, or little work", () => {
    const counts = (chunking: Chunking) =>
      [1, 128, 499, 500, 1024, 6000, 60_000].map((rows) => chunkCount(rows, chunking));
    expect(counts({})).toEqual([1, 1, 1, 2, 4, 24, 24]);
    expect(counts({ leastRows: leastRows(undefined, 26_506) })).toEqual(counts({}));
    expect(counts({ leastRows: leastRows(6 * 26_506, 26_506) })).toEqual(counts({}));
  });

  it("are fewer samples where these take longer than messages do, so that ranks share a mini-batch", () => {
    expect(leastRows(2 ** 23, 10_000)).toBe(16);
    expect(chunkCount(128, { leastRows: 16 })).toBe(8);
    expect(chunkCount(128, { leastRows: 15 })).toBe(8);
    expect(leastRows(2 ** 32, 1000)).toBe(1);
    expect(chunkCount(10, { leastRows: 1 })).toBe(8);
    expect(chunkCount(100, { leastRows: 1 })).toBe(24);
  });

  it("are no smaller than adding and telling their gradients is worth", () => {
    const n = 2 ** 24;
    expect(leastRows(6 * n, n)).toBe(Math.ceil(512 / 6));
    expect(leastRows(2 ** 10 * n, n)).toBe(1);
  });

  it("are the groups of batch normalisation where it has any, whatever they take", () => {
    expect(chunkCount(128, { groupRows: 256, leastRows: 1 })).toBe(1);
  });
});

describe("a batch of samples that stay in their file", () => {
  it("has the loss and gradients of one in memory, with one chunk held at a time", async () => {
    const backend = await startBackend({ backend: "wasm", threads: 1 });
    const evaluator = await evaluatorOf(fcnn([12], 4, [6, 5], random), backend);
    const { slots, dimension } = evaluator.layout;
    const { subdomains } = byLayers(slots, 2);
    const [comm] = createLocalGroup(1);
    const theta = randomTheta(dimension, 3);
    const preparation = { normalisations: [{ mean: [0.1], deviation: [2] }] };
    const results: unknown[] = [];
    const before = tf.memory().numTensors;
    for (const dataset of [held, await streamed()]) {
      const batch = new Batch(dataset, preparation, undefined, undefined, 0);
      const parts = { evaluator, penalty: undefined, comm: comm!, subdomains, count: new EvaluationCount() };
      const problem = new NetworkProblem("everything", batch, parts);
      const g = new Float32Array(dimension);
      const f = await problem.objective.gradient(theta, g);
      const R = subdomains[1]!;
      const local = problem.local(1, { x: theta, f, g });
      const localG = new Float32Array(R.size);
      const values = [await local.gradient(R.restrict(theta), localG), await local.value(R.restrict(theta))];
      results.push([f, [...g], values, [...localG]]);
      expect(batch.chunks).toBe(4);
      const perChunk = 2;
      const expected = isStreamed(dataset) ? perChunk : 4 * perChunk;
      expect(tf.memory().numTensors - before).toBe(expected);
      batch.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(results[1]).toEqual(results[0]);
    evaluator.dispose();
  });

  it("reads what a part of a model needs and no more", () => {
    const two = { ...held, inputs: [...held.inputs, { values: new Float32Array(1100).fill(9), shape: [] }] };
    const before = tf.memory().numTensors;
    const chunkOf = (reads: Reads) =>
      new Batch(two, { normalisations: [undefined, { mean: [5], deviation: [2] }], reads }).chunk(1);
    const second = chunkOf({ inputs: [1], targets: false });
    expect(second.inputs.map((input) => [...(input as tf.Tensor).dataSync()])).toEqual([
      new Array(275).fill(2),
    ]);
    expect(second.targets).toEqual([]);
    const last = chunkOf({ inputs: [], targets: true });
    expect([last.rows, last.samples[0], last.inputs, last.targets.length]).toEqual([275, 275, [], 1]);
    expect(tf.memory().numTensors - before).toBe(2);
    tf.dispose([...second.inputs, last.targets[0]!.values] as tf.Tensor[]);
  });

  it("is measured in parts, and refused where a part is too large", async () => {
    const dataset = await streamed();
    expect(sampleBytes(dataset)).toBe(4 * 13);
    expect(measuredChunking(held)).toEqual({});
    expect(measuredChunking(dataset)).toEqual({ groupRows: Math.floor(2 ** 26 / 52) });
    checkHeld(dataset, 1100);
    checkHeld(held, 2 ** 30);
    expect(() => {
      checkHeld(dataset, 2 ** 26);
    }).toThrow(UsageError);
    expect(() => {
      checkHeld(dataset, 2 ** 26);
    }).toThrow(/at most 512 MB, .* got 3328 MB\. Give more mini-batches with --batches\./);
  });
});
