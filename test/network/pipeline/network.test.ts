import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { isStreamed, type Dataset } from "../../../src/data/dataset.js";
import { readDataset, writeDataset } from "../../../src/data/dataset-file.js";
import type { RankNetwork } from "../../../src/network/rank-network.js";
import { planStages } from "../../../src/network/stages/plan.js";
import { temporaryFolder } from "../../helpers/apts.js";
import { expectClose } from "../../helpers/compute/compare.js";
import { randomTheta, wasm } from "../../helpers/network/networks.js";
import { batchFor, MICRO_BATCHES, NETWORKS, SAMPLES } from "../../helpers/network/staged-networks.js";
import { onStages, wholeNetwork } from "../../helpers/network/stages.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

/** Everything that a run asks of a network, at θ and in step 3; vectors are those held here. */
async function everything(network: RankNetwork, theta: Float32Array) {
  network.setStep(3);
  const batch = batchFor(network);
  expect(batch.chunks).toBe(MICRO_BATCHES);
  const { objective } = network.problem("all", batch);
  const g = new Float32Array(theta.length);
  const f = await objective.gradient(theta, g);
  const again = await objective.value(theta);
  const statistics = await network.statistics([batch], theta);
  if (statistics) network.setStatistics(statistics);
  const scores = await network.score([batch, batch], theta);
  const { isRandom, hasStatistics, count, space } = network;
  batch.dispose();
  const facts = { isRandom, hasStatistics, dimension: space.dimension, count: Object.entries(count) };
  return { f, again, scores, facts, g, statistics: statistics ?? [] };
}

describe.each(Object.entries(NETWORKS))("a network in stages, %s", (_, make) => {
  it.each([
    [2, "own kernels"],
    [3, "own kernels"],
    [3, "TensorFlow.js"],
  ])("computes in %d of them what it does as a whole, by %s", async (stages, by) => {
    const own = by === "own kernels" ? { backend } : {};
    const whole = await wholeNetwork(make, own.backend);
    const theta = randomTheta(whole.space.dimension, 3);
    const expected = await everything(whole, theta);
    expect(expected.again).toBe(expected.f);

    const results = [];
    for (const [replicas, retains] of [
      [1, false],
      [1, true],
      [2, true],
      [3, false],
    ] as const) {
      const options = { replicas, retains, ...own };
      const ranks = await onStages(make, stages, options, async ({ network, part, places }) => ({
        ...(await everything(network, part(theta))),
        places,
      }));
      const { f } = ranks[0]!;
      expectClose([f], [expected.f], 1e-6);
      for (const [rank, result] of ranks.entries()) {
        expect([result.f, result.again]).toEqual([f, f]);
        expectClose([result.scores.loss], [expected.scores.loss], 1e-6);
        expect(result.scores.metrics).toEqual(expected.scores.metrics);
        expect(result.facts).toEqual(expected.facts);
        expect(result).toEqual(ranks[rank % stages]); // on all replicas the same
      }
      const pipeline = ranks.slice(0, stages);
      const joined = new Float32Array(theta.length);
      for (const { g, places } of pipeline) places.forEach((place, i) => (joined[place] = g[i]!));
      expectClose(joined, expected.g, 1e-6);
      const statistics = pipeline.flatMap((result) => [...result.statistics]);
      expectClose(statistics, expected.statistics, 1e-6);
      results.push(pipeline);
    }
    // Replicas change who sums what, and retained results who computes it when, not a bit of the sums.
    for (const result of results) expect(result).toEqual(results[0]);
  });
});

it("tells what a later stage takes past another, and what it reads of the samples itself", async () => {
  const make = NETWORKS["skips over a stage, of results and samples"]!;
  const plan = planStages(make(), { stages: 3 }, { vectors: 4, rows: 16 }, "the network");
  expect(plan.crossings.some(({ from, to }) => from === 0 && to.includes(1) && to.includes(2))).toBe(true);
  const read = await onStages(make, 3, {}, ({ network }) => Promise.resolve(network.reading.reads));
  expect(read).toEqual([
    { inputs: [0], targets: false },
    { inputs: [], targets: false },
    { inputs: [0], targets: true },
  ]);
});

it("reads samples that stay in their file whenever it needs them, one micro-batch at a time", async () => {
  const make = NETWORKS["dense layers"]!;
  const path = join(temporaryFolder(), "data");
  await writeDataset(path, SAMPLES);
  const streamed = await readDataset(path, 100);
  expect(isStreamed(streamed)).toBe(true);
  const theta = randomTheta((await wholeNetwork(make)).space.dimension, 3);
  const run = (dataset: Dataset) =>
    onStages(make, 3, { backend }, async ({ network, part }) => {
      const x = part(theta);
      const problem = network.problem("all", batchFor(network, dataset, 0));
      const [g, first] = [new Float32Array(x.length), new Float32Array(x.length)];
      const f = await problem.objective.gradient(x, g);
      await problem.prepareLocal({ x, f, g });
      await problem.local(0, { x, f, g }).gradient(x, first);
      expect(first).toEqual(g);
      return { f, g };
    });
  expect(await run(streamed)).toEqual(await run(SAMPLES));
});
