import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { buildModel, type ModelRequest, type SampleKind } from "../../../src/network/build.js";
import { layoutOf } from "../../../src/network/parameters.js";
import { planStages } from "../../../src/network/stages/plan.js";
import { outlineOf, stageOf, type StageSource } from "../../../src/network/stages/source.js";
import { endWaiting, withWaitingWeights } from "../../../src/network/waiting.js";
import { Random } from "../../../src/random.js";
import { temporaryFolder, writeModule } from "../../helpers/apts.js";
import { wasm } from "../../helpers/network/networks.js";

const data: SampleKind = {
  inputs: [{ shape: [6, 3] }],
  targets: [{ shape: [], classes: 5 }],
  name: "sequences",
};
const BALANCE = { vectors: 4, rows: 32 };

/** A module whose layers `a`, `b`, `c` and `d`, of 17, 18, 19 and 5 units, have a weight and a bias each. */
function chain(
  afterwards = "",
  options = "kernelInitializer: tf.initializers.glorotUniform({ seed: ++seed })",
) {
  return `
    const dense = (name, units, own) => tf.layers.dense({ name, units, ${options}, ...own });
    const model = tf.sequential({ layers: [tf.layers.flatten({ name: "flat", inputShape: sampleShape }),
      dense("a", 17), dense("b", 18), dense("c", 19), dense("d", classes)] });
    const [, a, b, c, d] = model.layers;
    ${afterwards}
    return model;`;
}

const MANY_KINDS = `
  const { glorotNormal, heUniform, identity, orthogonal, ones, constant, randomNormal, truncatedNormal } = tf.initializers;
  const { dense } = tf.layers;
  return tf.sequential({ layers: [
    tf.layers.flatten({ name: "flat", inputShape: sampleShape }),
    dense({ name: "a", units: 18, kernelInitializer: identity({ gain: 2 }), biasInitializer: ones() }),
    dense({ name: "b", units: 12, kernelInitializer: orthogonal({ seed: 1 }), biasInitializer: constant({ value: 3 }) }),
    dense({ name: "c", units: 13, kernelInitializer: glorotNormal({ seed: 2 }), biasInitializer: randomNormal({ seed: 3 }) }),
    tf.layers.batchNormalization({ name: "norm" }),
    dense({ name: "d", units: 11, kernelInitializer: heUniform({ seed: 4 }) }),
    dense({ name: "e", units: classes, kernelInitializer: truncatedNormal({ seed: 5 }) })] });`;

const WRAPPED = `
  const own = () => ({ kernelInitializer: tf.initializers.heNormal({ seed: ++seed }) });
  const recurrent = () => ({ ...own(), recurrentInitializer: tf.initializers.orthogonal({ seed: ++seed }), unitForgetBias: false });
  const { dense } = tf.layers;
  const x = tf.input({ shape: sampleShape, name: "x" });
  const inner = dense({ name: "inner", units: 4, ...own() });
  let at = tf.layers.timeDistributed({ name: "each", layer: inner }).apply(x);
  const lstm = tf.layers.lstm({ name: "lstm", units: 3, returnSequences: true, ...recurrent() });
  at = tf.layers.bidirectional({ name: "both", layer: lstm, mergeMode: "concat" }).apply(at);
  at = tf.layers.gru({ name: "gru", units: 7, ...recurrent() }).apply(at);
  const late = dense({ name: "late", units: 7, inputShape: [8], ...own() });
  const shared = dense({ name: "shared", units: 8, inputShape: [7], ...own() });
  const nested = tf.sequential({ name: "nested", layers: [shared, late] });
  at = nested.apply(nested.apply(at));
  at = dense({ name: "frozen", units: 6, trainable: false, ...own() }).apply(at);
  const half = dense({ name: "half", units: 6, ...own() });
  at = half.apply(at);
  half.kernel.trainable = false;
  const square = dense({ name: "square", units: 6, ...own() });
  at = square.apply(square.apply(at));
  return tf.model({ inputs: x, outputs: dense({ name: "end", units: classes, ...own() }).apply(at), name: "wrapped" });`;

/** What createModel does, and how many weights have memory when it has. */
const modules: Record<string, readonly [body: string, held: number]> = {
  "with seeds": [chain(), 0],
  "of many initializers": [MANY_KINDS, 0],
  "of wrapped, nested, shared and frozen layers": [WRAPPED, 0],
  "that draws from a Math.random of its own": [
    `const { random } = Math;
     let state = 1;
     Math.random = () => (state = (state * 16807) % 2147483647) / 2147483647;
     try { ${chain("", "biasInitializer: 'randomUniform'")} } finally { Math.random = random; }`,
    0,
  ],
  "that changes an initializer which it has used": [
    `const shared = tf.initializers.randomNormal({ seed: 5 }); ${chain("shared.seed++;", "kernelInitializer: shared")}`,
    0,
  ],
  "with an initializer of its own, which draws from a stream": [
    `let drawn = 0;
     class Counting extends tf.initializers.zeros().constructor {
       apply(shape) { return tf.tidy(() => tf.fill(shape, ++drawn)); }
     }
     ${chain("", "kernelInitializer: new Counting(), biasInitializer: 'ones'")}`,
    4,
  ],
  "that sets a layer's weights": [
    chain("const mine = [tf.ones([17, 18]), tf.ones([18])]; b.setWeights(mine); tf.dispose(mine);"),
    2,
  ],
  "that gives a layer the weights of another": [
    `const own = { units: 17, kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }) };
     const model = tf.sequential({ layers: [tf.layers.flatten({ name: "flat", inputShape: sampleShape }),
       tf.layers.dense({ ...own, name: "a" }), tf.layers.dense({ ...own, name: "b" }),
       tf.layers.dense({ ...own, name: "c", kernelInitializer: "ones" }),
       tf.layers.dense({ name: "d", units: classes, kernelInitializer: "ones" })] });
     model.layers[3].setWeights(model.layers[2].getWeights());
     return model;`,
    2,
  ],
  "that reads a weight": [
    chain("const [first] = b.kernel.val.dataSync(); a.bias.write(tf.fill([17], first));"),
    2,
  ],
  "that reads a weight later": [
    chain("const [first] = await b.kernel.val.data(); a.bias.write(tf.fill([17], first));"),
    2,
  ],
  "that makes a variable of a weight": [
    chain("const copy = tf.variable(a.bias.val); a.bias.write(copy.add(1)); copy.dispose();"),
    1,
  ],
  "that predicts": [
    chain("tf.tidy(() => d.bias.write(model.predict(tf.ones([1, ...sampleShape])).as1D()));"),
    8,
  ],
  "that predicts with another model, which it gives up": [
    chain(`const other = tf.sequential({ layers: [tf.layers.dense({ units: classes, inputShape: [2], kernelInitializer: "ones" })] });
       tf.tidy(() => d.bias.write(other.predict(tf.ones([1, 2])).as1D()));
       other.dispose();`),
    1,
  ],
  "that gives up a model which it never used": [
    chain(`tf.sequential({ layers: [tf.layers.dense({ units: classes, inputShape: [2] })] }).dispose();`),
    0,
  ],
  "that is trained a little": [
    chain(`tf.tidy(() => {
      const x = tf.ones([2, ...sampleShape]);
      tf.train.sgd(0.1).minimize(() => model.predict(x).square().mean(), false, model.trainableWeights.map(({ val }) => val));
    });`),
    9, // and the learning rate
  ],
};

interface Module {
  readonly createModel: (request: ModelRequest) => Promise<tf.LayersModel>;
}

function sourceOf(body: string): StageSource {
  const source = `export async function createModel({ tf, seed, sampleShape, classes }) {${body}}`;
  const model = writeModule(temporaryFolder(), source);
  const choice = { hidden: [], channels: [], layers: 1, heads: 1, width: 1, seed: 1, model };
  return { choice, data, drawing: () => new Random(7).fork("initialisation") };
}

function bytesOf(tensor: tf.Tensor): Buffer {
  return Buffer.from(Float32Array.from(tensor.dataSync()).buffer);
}

/** θ, and all weights by name. */
function valuesOf(model: tf.LayersModel) {
  const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  return {
    theta: Buffer.concat(layoutOf(model).variables.map(bytesOf)),
    weights: new Map(model.weights.map((weight) => [weight.originalName, hash(bytesOf(weight.read()))])),
  };
}

beforeAll(async () => {
  await wasm();
  await withWaitingWeights(() => {
    tf.layers.dense({ units: 1 }).build([1, 1]); // makes what all share
  });
});

describe.each(Object.entries(modules))("a module's network %s", (_, [body, held]) => {
  /** Its values where createModel is called by itself. */
  async function expectedOf({ choice }: StageSource) {
    const { createModel } = (await import(pathToFileURL(choice.model).href)) as Module;
    return valuesOf(await createModel({ tf, seed: 1, sampleShape: [6, 3], classes: 5, ...data }));
  }

  it("has no memory but for what is read or set, and then the values that createModel gives it, to the bit", async () => {
    const source = sourceOf(body);
    const expected = await expectedOf(source);
    const before = tf.memory().numDataBuffers;
    const { model } = await buildModel(source.choice, data, source.drawing());
    expect(tf.memory().numDataBuffers - before).toBeLessThanOrEqual(held);
    endWaiting(model);
    expect(valuesOf(model)).toEqual(expected);
    for (const weight of model.weights) expect(Object.hasOwn(weight.read(), "assign")).toBe(false);
  });

  it.each([2, 3])("has them in %i stages", async (count) => {
    const source = sourceOf(body);
    const expected = await expectedOf(source);
    const stages = [];
    for (let s = 0; s < count; s++) {
      const { model: outline } = await outlineOf(source, []);
      const plan = planStages(outline, { stages: count }, BALANCE, "the network");
      const before = tf.memory().numDataBuffers;
      const { model } = await stageOf(source, outline, plan, s);
      expect(tf.memory().numDataBuffers - before).toBeLessThanOrEqual(model.weights.length);
      stages.push(valuesOf(model));
    }
    expect(new Map(stages.flatMap(({ weights }) => [...weights]))).toEqual(expected.weights);
    expect(Buffer.concat(stages.map(({ theta }) => theta)).equals(expected.theta)).toBe(true);
  });
});

it("a rank never makes weights of other stages", async () => {
  const source = sourceOf(chain());
  const write = vi.spyOn(tf.backend(), "write");
  const { model: outline } = await outlineOf(source, []);
  const plan = planStages(outline, { ends: ["a", "c"] }, BALANCE, "the network");
  await stageOf(source, outline, plan, 1);
  const shapes = write.mock.calls.map(([, shape]) => shape.join(" × "));
  expect(shapes.sort()).toEqual(["17 × 18", "18", "18 × 19", "19"]);
});

it("a module is told at once what its initializers refuse", async () => {
  for (const own of ["identity", "orthogonal"]) {
    const source = sourceOf(chain("", `kernelInitializer: "zeros", biasInitializer: "${own}"`));
    await expect(outlineOf(source, [])).rejects.toThrow(/^Expected createModel of .* but it failed: .*2D/);
  }
});

it.each([
  ["has given up", "d.bias.val.dispose(); tf.add(d.bias.val, 1);"],
  ["has assigned to itself, which gives it up", "d.bias.val.assign(d.bias.val); d.bias.val.add(1);"],
])("a module cannot read a weight that it %s", async (_, afterwards) => {
  const source = sourceOf(chain(afterwards));
  const { createModel } = (await import(pathToFileURL(source.choice.model).href)) as Module;
  const alone = createModel({ tf, seed: 1, sampleShape: [6, 3], classes: 5, ...data });
  await expect(alone).rejects.toThrow();
  await expect(outlineOf(source, [])).rejects.toThrow(/but it failed/);
});
