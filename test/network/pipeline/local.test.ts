import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { expectClose } from "../../helpers/compute/compare.js";
import { randomTheta, wasm } from "../../helpers/network/networks.js";
import { batchFor, NETWORKS } from "../../helpers/network/staged-networks.js";
import { onStages, wholeNetwork, type StageOfRank } from "../../helpers/network/stages.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

/** A point with its gradient on this rank, and the problem. */
async function start({ network, part }: StageOfRank, theta: Float32Array) {
  const problem = network.problem("all", batchFor(network));
  const x = part(theta);
  const g = new Float32Array(x.length);
  const f = await problem.objective.gradient(x, g);
  return { problem, at: { x, f, g } };
}

describe.each(Object.entries(NETWORKS))("the local objective of a stage, %s", (_, make) => {
  it.each([
    [2, 1, "own kernels"],
    [3, 1, "TensorFlow.js"],
    [3, 2, "own kernels"],
  ])("of %d stages in %d replicas is f to first order, by %s", async (stages, replicas, by) => {
    const own = by === "own kernels" ? { backend } : {};
    const whole = await wholeNetwork(make);
    const theta = randomTheta(whole.space.dimension, 3);
    const there = randomTheta(theta.length, 4);
    const results = await onStages(make, stages, { replicas, ...own }, async (rank) => {
      const { problem, at } = await start(rank, theta);
      await problem.prepareLocal(at);
      const local = problem.local(rank.stage, at);
      const g = new Float32Array(at.x.length);
      const value = await local.gradient(at.x, g);
      expect(g).toEqual(at.g); // the very gradient, to the bit
      expect(await local.value(at.x)).toBe(value);

      const x = rank.part(there);
      const elsewhere = await local.gradient(x, g);
      const direction = g.map((entry) => entry / Math.hypot(...g));
      const slope = g.reduce((sum, entry, i) => sum + entry * direction[i]!, 0);
      const beside = (t: number) => local.value(x.map((entry, i) => entry + t * direction[i]!));
      const h = 1e-2;
      const difference = ((await beside(h)) - (await beside(-h))) / (2 * h);
      expect(Math.abs(difference - slope)).toBeLessThan(2e-3 * (1 + Math.abs(slope)));
      return { value, elsewhere, g, x, places: rank.places };
    });
    // The last stage's is f itself, where the others stay.
    const last = results[stages - 1]!;
    const joined = theta.slice();
    last.places.forEach((place, i) => (joined[place] = last.x[i]!));
    const f = await whole.problem("all", batchFor(whole)).objective.value(joined);
    const isPenalised = make === NETWORKS["regularisers"]; // each stage by its own alone
    if (!isPenalised) expectClose([last.elsewhere], [f], 1e-6);
    for (const [rank, result] of results.entries()) expect(result).toEqual(results[rank % stages]);
  });
});

const make = NETWORKS["dense layers"]!;

describe("local objectives", () => {
  it("need no messages, so that each stage may evaluate its own as often as it likes", async () => {
    const { dimension } = (await wholeNetwork(make)).space;
    await onStages(make, 3, {}, async (rank) => {
      const { problem, at } = await start(rank, randomTheta(dimension, 3));
      await problem.prepareLocal(at);
      const { messagesSent } = rank.comm.traffic;
      const local = problem.local(0, at);
      for (let i = 0; i < rank.stage; i++) await local.gradient(at.x, at.g);
      await local.value(at.x);
      expect(rank.comm.traffic.messagesSent).toBe(messagesSent);
      expect(rank.network.count).toMatchObject({ localGradients: rank.stage, localLosses: 1 });
      await rank.comm.barrier();
    });
  });

  it("are those of the point asked for, also when the last gradient was of another", async () => {
    const { dimension } = (await wholeNetwork(make)).space;
    const [theta, trial] = [randomTheta(dimension, 3), randomTheta(dimension, 4)];
    await onStages(make, 2, { replicas: 2 }, async (rank) => {
      const { problem, at } = await start(rank, theta);
      const { count } = rank.network;
      await problem.prepareLocal(at);
      expect(count.globalGradients).toBe(1);
      const old = problem.local(0, at);
      // Only one of the stages goes elsewhere: all the same what the others depend on is another.
      const x = rank.stage === 0 ? rank.part(trial) : at.x;
      await problem.objective.gradient(x, new Float32Array(x.length));
      await expect(old.value(at.x)).rejects.toThrow(/local objective of the last gradient/);
      await problem.prepareLocal(at);
      expect(count.globalGradients).toBe(3);
      const g = new Float32Array(at.x.length);
      await problem.local(0, at).gradient(at.x, g);
      expect(g).toEqual(at.g);
      expect(() => problem.local(0, { x: rank.part(trial), f: 0 })).toThrow(/Expected prepareLocal/);

      const other = rank.network.problem("another", problem.batch);
      expect(() => other.local(0, at)).toThrow(/Expected prepareLocal/);
      await other.prepareLocal(at);
      await other.local(0, at).gradient(at.x, g);
      expect(g).toEqual(at.g);
    });
  });
});
