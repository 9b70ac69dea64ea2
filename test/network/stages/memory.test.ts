import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { UsageError } from "../../../src/errors.js";
import { buildModel, type SampleKind } from "../../../src/network/build.js";
import { compile } from "../../../src/network/compiled/compile.js";
import { Workspace } from "../../../src/network/compiled/workspace.js";
import { hollow } from "../../../src/network/hollow.js";
import { layoutOf } from "../../../src/network/parameters.js";
import { buildStage } from "../../../src/network/stages/build-stage.js";
import {
  bytesOfWhole,
  checkMemory,
  type MemoryLimit,
  memoryOfStages,
  retainingWhatFits,
  roomOf,
  type StageMemory,
  type Usage,
} from "../../../src/network/stages/memory.js";
import { planStages, workOf } from "../../../src/network/stages/plan.js";
import { stageGoal } from "../../../src/network/stages/stage-goal.js";
import { Random } from "../../../src/random.js";
import { wasm } from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const sizes = { hidden: [256, 128], channels: [16, 32], layers: 4, heads: 4, width: 64, seed: 1 };
const images = (side: number, channels: number, classes = 10): SampleKind => ({
  inputs: [{ shape: [side, side, channels] }],
  targets: [{ shape: [], classes }],
  name: "images",
});
const text: SampleKind = { inputs: [{ shape: [64] }], targets: [{ shape: [64], classes: 65 }], name: "text" };
const USAGE = { vectors: 8, rows: 8 };

async function outline(model: string, data: SampleKind) {
  return (await hollow(() => buildModel({ ...sizes, model }, data, new Random(1)))).made;
}

const total = ({ vectors, held, activations }: StageMemory) => vectors + held + activations;
const largest = (all: readonly StageMemory[]) => Math.max(...all.map(total));

it.each<[string, SampleKind]>([
  ["fcnn", images(28, 1)],
  ["cnn", images(28, 1)],
  ["resnet18-cifar", images(32, 3)],
  ["resnet18", images(224, 3, 1000)],
  ["gpt", text],
])("what results of %s take is what an evaluator allocates, to a third", async (name, data) => {
  const { model, goal } = await outline(name, data);
  for (const count of [1, 2, 3]) {
    const plan = planStages(model, { stages: count }, USAGE, name);
    for (const [s, { activationBytes }] of plan.stages.entries()) {
      const built = buildStage(model, plan, s);
      const { variables } = layoutOf(built.model);
      const network = compile(built.model, stageGoal(goal, plan, s, built.copies), variables, backend.heap!);
      // Inputs are held by the schedule.
      const inputs = 4 * network.inputSizes.reduce((a, b) => a + b);
      const allocated = Workspace.sampleBytes(network) - inputs;
      expect(activationBytes / allocated).toBeGreaterThan(2 / 3);
      expect(activationBytes / allocated).toBeLessThan(4 / 3);
      for (const operation of network.operations) operation.dispose?.();
      tf.dispose(built.model.getWeights());
    }
  }
});

it.each([64, 224])(
  "a rank of ResNet-18 in N stages takes at most 1.25/N of one rank, images of %i",
  async (side) => {
    const { model } = await outline("resnet18", images(side, 3, 1000));
    const usage = { ...USAGE, canRetain: true };
    const bytes = (stages: number) =>
      largest(memoryOfStages(planStages(model, { stages }, usage, "resnet18"), usage));
    const whole = bytes(1);
    expect(model.countParams()).toBe(11_689_512 + 9_600); // with running statistics
    for (const stages of [2, 4]) expect(bytes(stages)).toBeLessThanOrEqual((1.25 / stages) * whole);
  },
);

describe("of three stages", () => {
  const spec = { layers: [], modelInputs: [], flops: 0, retains: false };
  const plan = {
    crossings: [
      { tensor: "a", shape: [5], from: 0, to: [1] },
      { tensor: "b", shape: [2, 3], from: 1, to: [2] },
    ],
    stages: [
      { ...spec, takes: [], gives: [0], parameters: 100, activationBytes: 10 },
      { ...spec, takes: [0], gives: [1], parameters: 200, activationBytes: 20 },
      { ...spec, takes: [1], gives: [], parameters: 300, activationBytes: 30 },
    ],
    whole: { parameters: 600, activationBytes: 60 },
  };
  const usage = { vectors: 3, rows: 7 };

  it("counts vectors, micro-batches on their way, and results", () => {
    // Inputs of the micro-batches in flight and two messages; a cotangent, and messages of activations in flight and two.
    expect(memoryOfStages(plan, usage)).toEqual([
      { vectors: 1200, held: 7 * 5 * 20, activations: 70 },
      { vectors: 2400, held: 7 * (4 * 20 + 4 * 24), activations: 140 },
      { vectors: 3600, held: 7 * 3 * 24, activations: 210 },
    ]);
    const kept = memoryOfStages(plan, { ...usage, kept: 10 });
    expect(kept[1]!.held).toBe(7 * (12 * 20 + 13 * 24));
    expect(bytesOfWhole(plan, usage)).toBe(7200 + 420);
  });

  it("retains results of as many micro-batches as are between their passes, where there is room and somebody can", () => {
    const retaining = (given: Partial<Usage>) => {
      const all = { ...usage, canRetain: true, ...given };
      const made = retainingWhatFits(plan, all);
      return [
        made.stages.map(({ retains }) => retains),
        memoryOfStages(made, all).map(({ activations }) => activations),
      ];
    };
    // The last stage has nothing to retain: its passes follow each other.
    expect(retaining({})).toEqual([
      [true, true, false],
      [210, 280, 210],
    ]);
    expect(retaining({ canRetain: false })[0]).toEqual([false, false, false]);
    const large = { ...plan, stages: plan.stages.map((stage) => ({ ...stage, activationBytes: 1000 })) };
    const usageOf = (bytes: number) => ({ ...usage, canRetain: true, limit: { bytes, isAsked: true } });
    const retained = (bytes: number) =>
      retainingWhatFits(large, usageOf(bytes)).stages.map(({ retains }) => retains);
    expect(retained(22_900)).toEqual([true, true, false]); // 1200 + 700 + 21000
    expect(retained(22_899)).toEqual([false, true, false]); // 2400 + 1232 + 14000
    expect(retained(17_632)).toEqual([false, true, false]);
    expect(retained(17_631)).toEqual([false, false, false]);
  });

  it("without a limit they take 1.25/N of one rank's memory, where that can be; never more than a host's share", () => {
    const room = (least: number, limit?: MemoryLimit) =>
      roomOf(4, 2 ** 30, least, { ...usage, ...(limit && { limit }) });
    const [even, most] = [(1.25 / 4) * 2 ** 30, 2 ** 29];
    expect(room(0)).toBe(even);
    expect(room(most)).toBe(most);
    expect(room(0, { bytes: most, isAsked: false })).toBe(even);
    expect(room(0, { bytes: 2 ** 27, isAsked: false })).toBe(2 ** 27);
    expect(room(0, { bytes: most, isAsked: true })).toBe(most);
    expect(roomOf(4, 1000, 0, usage)).toBe(2 ** 26); // little is no matter
  });
});

it("what --memory allows is used for shorter computations: ResNet-18 in two stages", async () => {
  const { model } = await outline("resnet18-cifar", images(32, 3));
  const usage = { ...USAGE, canRetain: true };
  const whole = planStages(model, { stages: 1 }, usage, "it");
  const slowest = (own: Usage) => {
    const plan = planStages(model, { stages: 2 }, own, "it");
    return Math.max(...plan.stages.map((_, s) => workOf(plan, s))) / workOf(whole, 0);
  };
  const limit = { bytes: bytesOfWhole(whole, usage), isAsked: true };
  expect(slowest({ ...usage, limit })).toBeLessThan(0.53); // each computes half of it, once
  const anew = slowest({ ...usage, canRetain: false, limit });
  expect(anew).toBeGreaterThan(4 / 7);
  expect(anew).toBeLessThan(0.62); // 4/3 x = 1 − x
  const scarce = slowest(usage);
  expect(scarce).toBeGreaterThan(0.7); // three quarters of the parameters are in the last quarter of the computations
  expect(scarce).toBeLessThan(slowest({ ...usage, canRetain: false }));
});

describe("a network that does not fit", () => {
  const check = async (megabytes: number) => {
    const { model } = await outline("resnet18-cifar", images(32, 3));
    const planOf = (stages: number) => planStages(model, { stages }, USAGE, "it");
    checkMemory(planOf(2), USAGE, { bytes: megabytes * 2 ** 20, isAsked: true }, planOf);
  };

  it("is refused with what it takes and where it would fit", async () => {
    await expect(check(130)).rejects.toThrow(UsageError);
    await expect(check(130)).rejects.toThrow(
      /^Expected each of 2 stages to take 130 MB of a rank at most, but stage [12] takes \d+ MB: .* Give --stages [3-9], or allow more with --memory \d+\.$/,
    );
    await expect(check(1)).rejects.toThrow(
      /samples\. Allow more with --memory \d+, or give more --micro-batches\.$/,
    );
  });

  it("is not, with as much as it says", async () => {
    const message = await check(130).catch((error: unknown) => (error as Error).message);
    await check(Number(/--memory (\d+)/.exec(message as string)![1]));
  });
});
