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
import { checkMemory, memoryOfStages, type StageMemory } from "../../../src/network/stages/memory.js";
import { planStages } from "../../../src/network/stages/plan.js";
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
    const bytes = (stages: number) =>
      largest(memoryOfStages(planStages(model, { stages }, USAGE, "resnet18"), USAGE));
    const whole = bytes(1);
    expect(model.countParams()).toBe(11_689_512 + 9_600); // with running statistics
    for (const stages of [2, 4]) expect(bytes(stages)).toBeLessThanOrEqual((1.25 / stages) * whole);
  },
);

it("counts vectors, micro-batches on their way, and results", () => {
  const spec = { layers: [], modelInputs: [], flops: 0 };
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
  };
  const usage = { vectors: 3, rows: 7 };
  // Inputs of the micro-batches in flight and two messages; a cotangent, and messages of activations in flight and two.
  expect(memoryOfStages(plan, usage)).toEqual([
    { vectors: 1200, held: 7 * 5 * 20, activations: 70 },
    { vectors: 2400, held: 7 * (4 * 20 + 4 * 24), activations: 140 },
    { vectors: 3600, held: 7 * 3 * 24, activations: 210 },
  ]);
  const kept = memoryOfStages(plan, { ...usage, kept: 10 });
  expect(kept[1]!.held).toBe(7 * (12 * 20 + 13 * 24));
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
