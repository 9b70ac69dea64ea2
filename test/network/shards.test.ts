import { describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import { startBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { labelled } from "../../src/data/dataset.js";
import type { Vector } from "../../src/linalg/vector.js";
import { Batch } from "../../src/network/batch.js";
import type { Chunk } from "../../src/network/evaluator.js";
import { fcnn } from "../../src/network/models/fcnn.js";
import { NetworkProblem } from "../../src/network/problem.js";
import { EvaluationCount } from "../../src/network/rank-network.js";
import { Random } from "../../src/random.js";
import { expectClose } from "../helpers/compute/compare.js";
import { evaluatorOf, randomTheta } from "../helpers/network/networks.js";

const random = new Random(5);
const ROWS = 1001;
const samples = labelled({
  sampleShape: [3, 3, 1],
  classes: 4,
  features: Uint8Array.from({ length: 9 * ROWS }, () => random.integer(256)),
  labels: Int32Array.from({ length: ROWS }, () => random.integer(4)),
});
const preparation = { normalisations: [{ mean: [128], deviation: [70] }] };
/** λ/2 ‖θ‖² */
const penalty = {
  value: (theta: Vector) => 0.05 * theta.reduce((sum, value) => sum + value ** 2, 0),
  addGradient(theta: Vector, out: Vector) {
    theta.forEach((value, i) => (out[i]! += 0.1 * value));
  },
};

async function shardsOf(batch: Batch, count: number) {
  const backend = await startBackend({ backend: "wasm", threads: 1, blas: "none" });
  const evaluator = await evaluatorOf(fcnn([3, 3, 1], 4, [6, 5], random), backend);
  const [comm] = createLocalGroup(1);
  const evaluations = new EvaluationCount();
  const parts = { evaluator, penalty, comm: comm!, subdomains: [], count: evaluations, shards: count };
  const problem = new NetworkProblem("everything", batch, parts);
  return { evaluator, problem, shards: problem.shards!, evaluations, size: evaluator.layout.dimension };
}

/** Of f as the weighted sum of `of`. */
async function summed(
  of: readonly { weight: number; gradient: (x: Vector, out: Vector) => Promise<number> }[],
  x: Vector,
) {
  const total = new Float64Array(x.length);
  let f = 0;
  for (const { weight, gradient } of of) {
    const g = new Float32Array(x.length);
    f += weight * (await gradient(x, g));
    g.forEach((value, i) => (total[i]! += weight * value));
  }
  return { f, g: total };
}

describe("the shards of a batch", () => {
  it.each([1, 3, 4])(
    "are %i, whose weighted sum is f, and each is that of its mini-batches",
    async (count) => {
      const { problem, shards, evaluations, size } = await shardsOf(new Batch(samples, preparation), count);
      const x = randomTheta(size, 3);
      const g = new Float32Array(size);
      const f = await problem.objective.gradient(x, g);
      const all = Array.from({ length: count }, (_, d) => ({ weight: shards.weight(d), ...shards.local(d) }));
      const whole = await summed(all, x);
      expect(whole.f).toBeCloseTo(f, 5);
      expectClose(whole.g, g, 1e-5);
      expect(evaluations).toMatchObject({ localGradients: count, globalGradients: 1 });

      for (const [d, local] of all.entries()) {
        expect(await local.value(x)).toBeCloseTo(await local.gradient(x, g), 6);
        const miniBatches = shards.miniBatches(d, 64);
        // Though one shard has a sample more than another.
        for (const rows of [64, Math.floor(ROWS / count)])
          expect(shards.miniBatches(d, rows).length).toBe(shards.miniBatches(0, rows).length);
        const before = evaluations.localGradients;
        const parts = await summed(
          miniBatches.map((part) => ({ weight: 1 / miniBatches.length, ...part })),
          x,
        );
        expect(evaluations.localGradients - before).toBe(1); // one of the shard, to the bit
        // Their sizes differ by one sample.
        expectClose(parts.g, g, 0.02);
      }
    },
  );

  it("are runs of its samples, each in one of them, and in one mini-batch", async () => {
    const indices = random.shuffle(Int32Array.from({ length: 403 }, (_, i) => 2 * i));
    const { shards, evaluator, size } = await shardsOf(
      new Batch(samples, preparation, undefined, indices),
      3,
    );
    const seen: number[][] = [];
    const loss = evaluator.loss.bind(evaluator);
    evaluator.loss = (chunk: Chunk, ...rest) => {
      seen.at(-1)!.push(...chunk.samples);
      return loss(chunk, ...rest);
    };
    const x = new Float32Array(size);
    for (let d = 0; d < 3; d++) {
      seen.push([]);
      await shards.local(d).value(x);
      const own = seen.at(-1)!;
      seen.push([]);
      const miniBatches = shards.miniBatches(d, 16);
      expect(miniBatches.length).toBe(9); // of 14 or 15 samples
      for (const one of miniBatches) await one.value(x);
      expect(seen.pop()).toEqual(own);
    }
    expect(seen.flat()).toEqual([...indices]);
  });

  it("are released with the batch, and of mini-batches one is held at a time", async () => {
    const before = tf.memory().numTensors;
    const batch = new Batch(samples, preparation);
    const { shards, size } = await shardsOf(batch, 2);
    const x = new Float32Array(size);
    const made = tf.memory().numTensors;
    for (const one of shards.miniBatches(1, 50)) await one.value(x);
    expect(tf.memory().numTensors - made).toBeLessThanOrEqual(2);
    await shards.local(0).value(x);
    expect(tf.memory().numTensors).toBeGreaterThan(made);
    batch.dispose();
    expect(tf.memory().numTensors).toBe(made);
    expect(made).toBeGreaterThanOrEqual(before);
  });
});
