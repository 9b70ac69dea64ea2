import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { UsageError } from "../../../src/errors.js";
import { buildModel, type ModelChoice, type SampleKind } from "../../../src/network/build.js";
import { hollow } from "../../../src/network/hollow.js";
import { randomPartsOf } from "../../../src/network/inspect/random.js";
import { serialiseModel } from "../../../src/network/model-file.js";
import { layoutOf } from "../../../src/network/parameters.js";
import { penaltyOf } from "../../../src/network/penalty.js";
import type { StageModel } from "../../../src/network/stages/build-stage.js";
import { planStages, type StagePlan, workOf } from "../../../src/network/stages/plan.js";
import { outlineOf, stageOf, type StageSource } from "../../../src/network/stages/source.js";
import { stageGoal } from "../../../src/network/stages/stage-goal.js";
import { Random } from "../../../src/random.js";
import { expectClose, randomValues } from "../../helpers/compute/compare.js";
import { temporaryFolder } from "../../helpers/apts.js";
import { wasm } from "../../helpers/network/networks.js";

const { layers } = tf;
const BALANCE = { vectors: 4, rows: 32 };

beforeAll(async () => {
  await wasm();
});

const sizes = { hidden: [9, 8, 7], channels: [4, 6], layers: 2, heads: 2, width: 12, seed: 1 };
const images = (shape: number[]): SampleKind => ({
  inputs: [{ shape }],
  targets: [{ shape: [], classes: 5 }],
  name: "images",
});
const text: SampleKind = { inputs: [{ shape: [6] }], targets: [{ shape: [6], classes: 11 }], name: "text" };

/** A network with two inputs, a skip, dropout, a nested model, regularisers and a layer that is not trained. */
function branched(): tf.LayersModel {
  const [a, b] = [tf.input({ shape: [6], name: "a" }), tf.input({ shape: [4], name: "b" })];
  const first = layers.dense({
    name: "first",
    units: 8,
    activation: "tanh",
    kernelRegularizer: tf.regularizers.l2({ l2: 0.1 }),
  });
  const left = layers.dropout({ name: "drop_1", rate: 0.3 }).apply(first.apply(a)) as tf.SymbolicTensor;
  const nested = tf.sequential({
    name: "nested",
    layers: [
      layers.dense({ name: "inner_1", units: 7, activation: "relu", inputShape: [8] }),
      layers.dropout({ name: "inner_drop", rate: 0.4 }),
      layers.dense({ name: "inner_2", units: 8, biasRegularizer: tf.regularizers.l1({ l1: 0.2 }) }),
    ],
  });
  const through = nested.apply(left) as tf.SymbolicTensor;
  const right = layers.dense({ name: "right", units: 8, trainable: false }).apply(b) as tf.SymbolicTensor;
  const sum = layers.add({ name: "sum" }).apply([through, right]) as tf.SymbolicTensor;
  const norm = layers.batchNormalization({ name: "norm" }).apply(sum) as tf.SymbolicTensor;
  const skip = layers.concatenate({ name: "skip" }).apply([norm, left]) as tf.SymbolicTensor;
  const dropped = layers.dropout({ name: "drop_2", rate: 0.1 }).apply(skip);
  const last = layers.dense({ name: "last", units: 5, activation: "softmax" }).apply(dropped);
  return tf.model({ inputs: [a, b], outputs: last as tf.SymbolicTensor, name: "branched" });
}
const twoInputs: SampleKind = {
  inputs: [{ shape: [6] }, { shape: [4] }],
  targets: [{ shape: [], classes: 5 }],
  name: "pairs",
};

async function written(model: tf.LayersModel): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(await serialiseModel(model)))
    writeFileSync(join(folder, name), content as string | Uint8Array);
  return join(folder, "model.json");
}

const networks: Record<string, readonly [string | (() => Promise<string>), SampleKind, number[]]> = {
  fcnn: ["fcnn", images([4, 3, 1]), [1, 2, 4]],
  cnn: ["cnn", images([8, 8, 2]), [2, 5]],
  "resnet18-cifar": ["resnet18-cifar", images([16, 16, 3]), [2, 4]],
  gpt: ["gpt", text, [2, 3]],
  "a model.json of branches": [() => written(branched()), twoInputs, [2, 3]],
};

function sourceOf(model: string, data: SampleKind): StageSource {
  const choice: ModelChoice = { ...sizes, model };
  return { choice, data, drawing: () => new Random(7).fork("initialisation") };
}

/** θ, and all weights by name. */
function weightsOf(model: tf.LayersModel) {
  const { variables } = layoutOf(model);
  return {
    theta: Buffer.concat(variables.map((variable) => bytesOf(variable))),
    hashes: new Map(model.weights.map((weight) => [weight.originalName, hashOf(bytesOf(weight.read()))])),
  };
}

function bytesOf(tensor: tf.Tensor): Buffer {
  const { buffer, byteOffset, byteLength } = tensor.dataSync<"float32">();
  return Buffer.from(buffer, byteOffset, byteLength);
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function floats(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** What the last stage predicts of what the others give it. */
function predicted(
  plan: StagePlan,
  stages: readonly StageModel[],
  inputs: readonly tf.Tensor[],
): tf.Tensor[] {
  const crossed: tf.Tensor[] = [];
  let results: tf.Tensor[] = [];
  for (const [s, { model }] of stages.entries()) {
    const { modelInputs, takes, gives } = plan.stages[s]!;
    const taken = [...modelInputs.map((i) => inputs[i]!), ...takes.map((i) => crossed[i]!)];
    results = [model.predict(taken)].flat();
    gives.forEach((crossing, i) => (crossed[crossing] = results[i]!));
  }
  return results;
}

describe.each(Object.entries(networks))("%s in stages", (_, [from, data, counts]) => {
  it.each(counts)(
    "%i: have the weights of the whole, to the bit, and predict what it does",
    async (count) => {
      const source = sourceOf(typeof from === "string" ? from : await from(), data);
      const { model: whole } = await buildModel(source.choice, data, source.drawing());
      const outline = await outlineOf(source, []);
      const { goal } = outline;
      const plan = planStages(outline.model, { stages: count }, BALANCE, "the network");
      expect(planStages(whole, { stages: count }, BALANCE, "the network")).toEqual(plan);
      expect(plan.stages).toHaveLength(count);

      const stages: StageModel[] = [];
      for (let s = 0; s < count; s++) stages.push(await stageOf(source, outline.model, plan, s));
      const expected = weightsOf(whole);
      const found = stages.map(({ model }) => weightsOf(model));
      expect(Buffer.concat(found.map(({ theta }) => theta)).equals(expected.theta)).toBe(true);
      expect(new Map(found.flatMap(({ hashes }) => [...hashes]))).toEqual(expected.hashes);
      expect(found.map(({ theta }) => theta.length / 4)).toEqual(
        plan.stages.map(({ parameters }) => parameters),
      );

      const inputs = whole.inputs.map(({ shape }, i) => {
        const own = [7, ...(shape.slice(1) as number[])];
        const values = randomValues(tf.util.sizeFromShape(own), 3 + i);
        return tf.tensor(from === "gpt" ? values.map((value) => Math.floor((value + 1) * 5)) : values, own);
      });
      const wanted = [whole.predict(inputs)].flat();
      for (const [i, result] of predicted(plan, stages, inputs).entries())
        expectClose(result.dataSync(), wanted[i]!.dataSync());

      const numbers = [...randomPartsOf(whole).layers.values()];
      expect(stages.flatMap(({ randomLayers }) => randomLayers)).toEqual(numbers);
      const goals = stages.map(({ copies }, s) => stageGoal(goal, plan, s, copies));
      const last = stages.at(-1)!.model;
      expect(goals.at(-1)!.outputs.map(({ folded }) => folded && last.layers.includes(folded.layer))).toEqual(
        goal.outputs.map(({ folded }) => folded && true),
      );
      goals.slice(0, -1).forEach(({ outputs }, s) => {
        const shapes = stages[s]!.model.outputs.map(({ shape }) => shape.slice(1));
        expect(outputs.map(({ targetShape }) => targetShape)).toEqual(shapes);
      });

      const { layout, variables } = layoutOf(whole);
      const penalty = penaltyOf(whole, layout, variables)?.value(floats(expected.theta)) ?? 0;
      const parts = stages.map(({ model }, s) => {
        const own = layoutOf(model);
        return penaltyOf(model, own.layout, own.variables)?.value(floats(found[s]!.theta)) ?? 0;
      });
      expect(parts.reduce((a, b) => a + b)).toBeCloseTo(penalty, 6);
      tf.dispose([...inputs, ...wanted]);
    },
  );
});

it("a network in outline takes no memory, however large it is", async () => {
  const source = sourceOf("fcnn", images([20_000]));
  const choice = { ...source.choice, hidden: [30_000, 30_000] };
  const before = tf.memory().numDataBuffers;
  const { model } = await outlineOf({ ...source, choice }, []);
  expect(model.countParams()).toBeGreaterThan(1.5e9);
  expect(tf.memory().numDataBuffers - before).toBeLessThanOrEqual(1);
  const plan = planStages(model, { stages: 2 }, BALANCE, "it");
  expect(plan.stages.map(({ layers }) => layers)).toEqual([["dense_1"], ["dense_2", "logits"]]);
});

it("models that are made at once do not take each other's layers for hollow ones", async () => {
  const make = async (units: number) => {
    await Promise.resolve();
    return tf.sequential({
      layers: [tf.layers.dense({ units, inputShape: [3], kernelInitializer: "ones" })],
    });
  };
  const both = await Promise.all([hollow(() => make(1000)), hollow(() => make(2000))]);
  expect(both.map(({ made }) => made.countParams())).toEqual([4000, 8000]);
  const after = await make(2);
  expect([...after.getWeights()[0]!.dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
});

describe("a network", () => {
  const plan = (make: () => tf.LayersModel, stages: number | string[]) => () =>
    planStages(make(), typeof stages === "number" ? { stages } : { ends: stages }, BALANCE, "the network");
  const chain = (...own: tf.layers.Layer[]) => tf.sequential({ layers: own });
  const dense = (name: string, inputShape?: number[]) =>
    layers.dense({ name, units: 4, ...(inputShape && { inputShape }) });

  it("is cut where the largest share of a stage is smallest, or behind layers that are named", () => {
    const wide = () =>
      chain(
        layers.dense({ name: "a", units: 400, inputShape: [400] }),
        layers.dense({ name: "b", units: 400 }),
        layers.dense({ name: "c", units: 400 }),
        layers.dense({ name: "d", units: 400 }),
      );
    const layersOf = (made: StagePlan) => made.stages.map((stage) => stage.layers);
    expect(layersOf(plan(wide, 2)())).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(layersOf(plan(wide, ["a", "c"])())).toEqual([["a"], ["b", "c"], ["d"]]);
    const made = plan(wide, 2)();
    expect(made.stages[0]!.parameters).toBe(2 * 400 * 401);
    expect(workOf(made, 0) / workOf(made, 1)).toBeCloseTo(4 / 3); // the first computes its results twice
  });

  it("is cut so that what crosses goes straight to the stages that take it", () => {
    const x = tf.input({ shape: [4], name: "x" });
    const a = dense("a").apply(x) as tf.SymbolicTensor;
    const c = dense("c").apply(dense("b").apply(a)) as tf.SymbolicTensor;
    const sum = layers.add({ name: "sum" }).apply([a, c]);
    const model = tf.model({ inputs: x, outputs: dense("d").apply(sum) as tf.SymbolicTensor });
    const { crossings, stages } = plan(() => model, ["a", "b", "c"])();
    expect(crossings).toEqual([
      { tensor: "a", shape: [4], from: 0, to: [1, 3] },
      { tensor: "b", shape: [4], from: 1, to: [2] },
      { tensor: "c", shape: [4], from: 2, to: [3] },
    ]);
    expect(stages.map(({ takes, gives }) => [takes, gives])).toEqual([
      [[], [0]],
      [[0], [1]],
      [[1], [2]],
      [[0, 2], []],
    ]);
  });

  const sharing = () => {
    const [x, shared] = [tf.input({ shape: [4], name: "x" }), dense("shared")];
    const twice = shared.apply(layers.reLU({ name: "relu" }).apply(shared.apply(x)));
    return tf.model({ inputs: x, outputs: dense("end").apply(twice) as tf.SymbolicTensor });
  };
  const outputs = () => {
    const x = tf.input({ shape: [4], name: "x" });
    const early = dense("early").apply(x) as tf.SymbolicTensor;
    const late = dense("late").apply(dense("between").apply(early)) as tf.SymbolicTensor;
    return tf.model({ inputs: x, outputs: [early, late] });
  };
  const masked = () => chain(layers.masking({ inputShape: [3, 2] }), layers.lstm({ units: 2 }), dense("e"));
  const penalised = () => {
    const model = chain(dense("e", [2]), dense("f"));
    Object.assign(model.layers[0]!, { activityRegularizer: tf.regularizers.l2() });
    return model;
  };
  const three = () => chain(dense("a", [4]), layers.reLU({ name: "r" }), dense("b"), dense("c"));
  it.each<[string, () => unknown, RegExp]>([
    [
      "of fewer layers",
      plan(three, 5),
      /in 5 stages, each with .*, got the network, which makes at most 3\. Give --stages 3 or fewer\.$/,
    ],
    [
      "with a layer on both sides",
      plan(sharing, ["relu"]),
      /elsewhere than behind "relu": Dense "shared" is used before and behind/,
    ],
    [
      "with an output too early",
      plan(outputs, ["between"]),
      /elsewhere than behind "between": Dense "early" makes an output/,
    ],
    [
      "by a name that no layer has",
      plan(three, ["x"]),
      /^Expected layers of the network in --cut \(a, r, b, c\), got "x"\.$/,
    ],
    ["behind its end", plan(three, ["c"]), /elsewhere than behind "c": it is the last layer\.$/],
    ["in the wrong order", plan(three, ["b", "a"]), /in the order in which they run, got a behind b\.$/],
    ["where nothing is trained", plan(three, ["a", "r"]), /got none in stage 2 of the network \(r\)/],
    ["with a mask", plan(masked, 2), /got Masking ".*" with a mask, which does not cross/],
    ["with penalties on results", plan(penalised, 2), /with an activity regulariser in the network/],
  ])("%s is not cut: one sentence says why", (_, make, message) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });
});

it("what is not trained may be in several stages: a transformer's mask", async () => {
  const { model } = await outlineOf(
    { ...sourceOf("gpt", text), choice: { ...sizes, model: "gpt", layers: 6 } },
    [],
  );
  const plan = planStages(model, { stages: 3 }, BALANCE, "gpt");
  const { stages } = plan;
  expect(stages.map(({ layers }) => layers.includes("causal_mask"))).toEqual([true, true, true]);
  const flops = stages.map((_, s) => workOf(plan, s));
  expect(Math.max(...flops) / Math.min(...flops)).toBeLessThan(1.5);
});
