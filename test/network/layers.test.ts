import { beforeAll, describe, expect, it } from "vitest";
import { startBackend, type ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import type { Chunk, Evaluator } from "../../src/network/evaluator.js";
import { checkModel } from "../../src/network/inspect/check-model.js";
import { UsageError } from "../../src/errors.js";
import { tryOut } from "../../src/network/tape/try-out.js";
import { wholeTensors } from "../../src/network/tensor-part.js";
import { expectClose } from "../helpers/compute/compare.js";
import {
  classifier,
  dispose,
  evaluatorOf,
  logitsOf,
  randomChunk,
  randomTheta,
  tapeOf,
  wasm,
} from "../helpers/network/networks.js";

/*
 * Every layer of tfjs-layers trains, on the plain and the WebAssembly backend: in a small model with weights before it, so
 * that its own gradient by what it reads counts, and a dense layer behind it.
 */

const { layers } = tf;
type Layer = tf.layers.Layer;
const STEPS = [4, 3];
const IMAGE = [5, 4, 2];
const VOLUME = [3, 3, 3, 2];

/** A smooth layer with weights in front, over the last axis. */
const first = (units: number): Layer => layers.dense({ units, activation: "tanh" });
const after = (shape: number[], ...list: Layer[]) => classifier(shape, first(shape.at(-1)!), ...list);

function merged(layer: Layer): tf.LayersModel {
  const x = tf.input({ shape: [3] });
  const parts = [1, 2, 3].map(() => first(3).apply(x) as tf.SymbolicTensor);
  return logitsOf(x, layer.apply(parts) as tf.SymbolicTensor);
}

const cells = () => [layers.gruCell({ units: 2 }), layers.lstmCell({ units: 2 })];

/** A model for each class; several where settings take other ways. */
const models: Readonly<Record<string, readonly (() => tf.LayersModel)[]>> = {
  InputLayer: [
    () => tf.sequential({ layers: [layers.inputLayer({ inputShape: [3] }), layers.dense({ units: 3 })] }),
  ],
  Model: [() => after([3], classifier([3], first(2)))],
  Functional: [() => after([3], classifier([3], first(2)))],
  Sequential: [
    () => after([3], tf.sequential({ layers: [layers.dense({ units: 2, inputShape: [3] }), layers.elu()] })),
  ],
  ReLU: [() => after([3], layers.reLU()), () => after([3], layers.reLU({ maxValue: 0.3 }))],
  LeakyReLU: [() => after([3], layers.leakyReLU())],
  PReLU: [() => after(STEPS, layers.prelu()), () => after(IMAGE, layers.prelu({ sharedAxes: [1, 2] }))],
  ELU: [() => after([3], layers.elu())],
  ThresholdedReLU: [() => after([3], layers.thresholdedReLU({ theta: 0.05 }))],
  Softmax: [() => after([3], layers.softmax()), () => after(STEPS, layers.softmax({ axis: -1 }))],
  Conv1D: [() => after(STEPS, layers.conv1d({ filters: 2, kernelSize: 2, activation: "sigmoid" }))],
  Conv2D: [() => after(IMAGE, layers.conv2d({ filters: 2, kernelSize: 3, strides: 2, padding: "same" }))],
  Conv3D: [
    () => after(VOLUME, layers.conv3d({ filters: 2, kernelSize: 2 })),
    () => after(VOLUME, layers.conv3d({ filters: 2, kernelSize: 2, strides: 2, padding: "same" })),
  ],
  Conv2DTranspose: [() => after(IMAGE, layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }))],
  Conv3DTranspose: [() => after(VOLUME, layers.conv3dTranspose({ filters: 1, kernelSize: 2 }))],
  SeparableConv2D: [
    () => after(IMAGE, layers.separableConv2d({ filters: 2, kernelSize: 2, depthMultiplier: 2 })),
  ],
  DepthwiseConv2D: [() => after(IMAGE, layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }))],
  Cropping2D: [
    () =>
      after(
        IMAGE,
        layers.cropping2D({
          cropping: [
            [1, 0],
            [1, 1],
          ],
        }),
      ),
  ],
  UpSampling2D: [
    () => after([2, 2, 2], layers.upSampling2d({ size: [2, 2] })),
    () => after([2, 2, 2], layers.upSampling2d({ size: [2, 3], interpolation: "bilinear" })),
  ],
  ZeroPadding2D: [() => after(IMAGE, layers.zeroPadding2d({ padding: 1 }))],
  RNN: [() => after(STEPS, layers.rnn({ cell: layers.simpleRNNCell({ units: 2 }) }))],
  SimpleRNNCell: [() => after(STEPS, layers.rnn({ cell: layers.simpleRNNCell({ units: 2, dropout: 0.3 }) }))],
  SimpleRNN: [() => after(STEPS, layers.simpleRNN({ units: 2, recurrentDropout: 0.3 }))],
  GRUCell: [() => after(STEPS, layers.rnn({ cell: layers.gruCell({ units: 2 }), returnSequences: true }))],
  GRU: [() => after(STEPS, layers.gru({ units: 2, goBackwards: true }))],
  LSTMCell: [() => after(STEPS, layers.rnn({ cell: layers.lstmCell({ units: 2, recurrentDropout: 0.3 }) }))],
  LSTM: [
    () => after(STEPS, layers.lstm({ units: 2 })),
    () => after(STEPS, layers.lstm({ units: 2, dropout: 0.3, recurrentDropout: 0.2, returnSequences: true })),
  ],
  StackedRNNCells: [
    () => after(STEPS, layers.rnn({ cell: layers.stackedRNNCells({ cells: cells() }) })),
    () => after(STEPS, layers.rnn({ cell: cells() })),
  ],
  ConvLSTM2D: [() => after([2, 3, 3, 1], layers.convLstm2d({ filters: 1, kernelSize: 2 }))],
  Dropout: [
    () => after([3], layers.dropout({ rate: 0.4 })),
    () => after(STEPS, layers.dropout({ rate: 0.4, noiseShape: [null as never, 1, 3] })),
  ],
  SpatialDropout1D: [() => after(STEPS, layers.spatialDropout1d({ rate: 0.4 }))],
  GaussianNoise: [() => after([3], layers.gaussianNoise({ stddev: 0.4 }))],
  GaussianDropout: [() => after([3], layers.gaussianDropout({ rate: 0.4 }))],
  AlphaDropout: [() => after([3], layers.alphaDropout({ rate: 0.4 }))],
  Dense: [() => after(STEPS, layers.dense({ units: 2, useBias: false, activation: "selu" }))],
  Flatten: [() => after(STEPS, layers.flatten())],
  Activation: [() => after([3], layers.activation({ activation: "softplus" }))],
  RepeatVector: [() => after([3], layers.repeatVector({ n: 2 }))],
  Reshape: [() => after(STEPS, layers.reshape({ targetShape: [2, 6] }))],
  Permute: [() => after(STEPS, layers.permute({ dims: [2, 1] }))],
  Masking: [() => classifier(STEPS, layers.masking({ maskValue: 0 }), layers.lstm({ units: 2 }))],
  Embedding: [
    () => classifier([4], layers.embedding({ inputDim: 5, outputDim: 2 })),
    () =>
      classifier(
        [4],
        layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true }),
        layers.gru({ units: 2 }),
      ),
  ],
  Add: [() => merged(layers.add())],
  Multiply: [() => merged(layers.multiply())],
  Average: [() => merged(layers.average())],
  Maximum: [() => merged(layers.maximum())],
  Minimum: [() => merged(layers.minimum())],
  Concatenate: [() => merged(layers.concatenate())],
  Dot: [
    () => {
      const x = tf.input({ shape: STEPS });
      const parts = [1, 2].map(() => first(3).apply(x) as tf.SymbolicTensor);
      return logitsOf(x, layers.dot({ axes: 2 }).apply(parts) as tf.SymbolicTensor);
    },
  ],
  BatchNormalization: [
    () => after([3], layers.batchNormalization()),
    () => after(IMAGE, layers.batchNormalization({ scale: false })),
  ],
  LayerNormalization: [() => after(STEPS, layers.layerNormalization())],
  MaxPooling1D: [() => after(STEPS, layers.maxPooling1d({ poolSize: 2 }))],
  AveragePooling1D: [() => after(STEPS, layers.averagePooling1d({ poolSize: 2, padding: "same" }))],
  MaxPooling2D: [() => after(IMAGE, layers.maxPooling2d({ poolSize: 2 }))],
  AveragePooling2D: [
    () => after(IMAGE, layers.averagePooling2d({ poolSize: 2, strides: 1, padding: "same" })),
  ],
  MaxPooling3D: [() => after([3, 3, 3, 1], layers.maxPooling3d({ poolSize: 2 }))],
  AveragePooling3D: [
    () => after(VOLUME, layers.averagePooling3d({ poolSize: 2 })),
    () => after(VOLUME, layers.averagePooling3d({ poolSize: 2, padding: "same" })),
  ],
  GlobalAveragePooling1D: [() => after(STEPS, layers.globalAveragePooling1d())],
  GlobalMaxPooling1D: [() => after(STEPS, layers.globalMaxPooling1d())],
  GlobalAveragePooling2D: [() => after(IMAGE, layers.globalAveragePooling2d({}))],
  GlobalMaxPooling2D: [() => after(IMAGE, layers.globalMaxPooling2d({}))],
  TimeDistributed: [
    () => after(STEPS, layers.timeDistributed({ layer: layers.dense({ units: 2 }) })),
    () =>
      after([2, 3, 3, 1], layers.timeDistributed({ layer: layers.conv2d({ filters: 1, kernelSize: 2 }) })),
  ],
  Bidirectional: (["concat", "sum", "mul", "ave"] as const).map(
    (mergeMode) => () =>
      after(
        STEPS,
        layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true }), mergeMode }),
      ),
  ),
  Rescaling: [() => after([3], layers.rescaling({ scale: 2, offset: 1 }))],
  CenterCrop: [() => classifier(IMAGE, layers.centerCrop({ height: 3, width: 2 }))],
  CategoryEncoding: [
    () => classifier([4], layers.categoryEncoding({ numTokens: 5, outputMode: "multiHot" })),
  ],
};

/**
 * What TensorFlow.js cannot train is refused before anything starts where it does the computing; some of it has kernels of
 * the project's own.
 */
const refused: Readonly<Record<string, readonly [make: () => tf.LayersModel, sentence: RegExp]>> = {
  Resizing: [
    () => after(IMAGE, layers.resizing({ height: 3, width: 2, name: "mine" })),
    /Resizing "mine" .*rank/,
  ],
  CenterCrop: [
    () => after(IMAGE, layers.centerCrop({ height: 3, width: 2, name: "mine" })),
    /CenterCrop "mine" .*gradient function not found for CropAndResize/,
  ],
  "a softmax over another axis": [
    () => after(STEPS, layers.softmax({ name: "mine" })),
    /Softmax "mine" .*non-last dimension/,
  ],
  "a dilation in one dimension": [
    () => after(STEPS, layers.conv1d({ filters: 2, kernelSize: 2, dilationRate: 2, name: "mine" })),
    /Conv1D "mine" .*dilation/,
  ],
  "a dilation in two": [
    () => after(IMAGE, layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: 2, name: "mine" })),
    /Conv2D "mine" .*dilation/,
  ],
};

/** Refused wherever: test/network/inspect/check-model.test.ts. ConvLSTM2DCell is that of ConvLSTM2D alone. */
const OTHERS = ["RandomWidth", "Resizing", "ConvLSTM2DCell"];

let onWasm: ComputeBackend;
beforeAll(async () => {
  onWasm = await wasm();
});

async function evaluated(
  evaluator: Evaluator,
  chunk: Chunk,
): Promise<{ loss: number; gradient: Float32Array }> {
  const gradient = new Float32Array(evaluator.layout.dimension);
  const loss = await evaluator.gradient(chunk, 1 / chunk.rows, wholeTensors(evaluator.layout), gradient);
  expect(await evaluator.loss(chunk, 1 / chunk.rows)).toBe(loss);
  return { loss, gradient };
}

/** Differences of fourth order of the loss, along some random directions. */
async function expectSlopes(evaluator: Evaluator, chunk: Chunk, theta: Float32Array, gradient: Float32Array) {
  const h = 1e-3;
  for (let seed = 0; seed < 3; seed++) {
    const direction = randomTheta(theta.length, 50 + seed);
    const at = async (shift: number) => {
      evaluator.setParameters(theta.map((value, i) => value + shift * direction[i]!));
      return evaluator.loss(chunk, 1 / chunk.rows);
    };
    const [near, far] = [(await at(h)) - (await at(-h)), (await at(2 * h)) - (await at(-2 * h))];
    const slope = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    expectClose([(8 * near - far) / (12 * h)], [slope], 1e-3);
  }
}

function chunkFor(model: tf.LayersModel, name: string): Chunk {
  const chunk = randomChunk(model, 6, 2);
  if (!name.includes("CategoryEncoding")) return chunk; // of whole numbers
  const [values] = chunk.inputs;
  return { ...chunk, inputs: [tf.tidy(() => tf.floor(tf.mul(tf.add(values!, 1), 2.49)))] };
}

describe("every layer trains", () => {
  it("is in the table", () => {
    const { classNameMap } = tf.serialization.SerializationMap.getMap();
    const all = Object.entries(classNameMap).filter(
      ([, [made]]) => made.prototype instanceof tf.layers.Layer,
    );
    expect([...Object.keys(models), ...OTHERS].sort()).toEqual(all.map(([name]) => name).sort());
  });

  it("a class of the user's own that draws by itself is refused", async () => {
    await startBackend({ backend: "cpu", threads: 1 });
    class Own extends tf.layers.Layer {
      constructor(private readonly noise: number) {
        super({ name: "mine" });
      }
      override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
        const own = Array.isArray(x) ? x[0]! : x;
        return tf.add(own, tf.randomNormal(own.shape, 0, this.noise));
      }
      static readonly className = "Own";
    }
    for (const noise of [0, 1]) {
      const model = after([3], new Own(noise));
      const chunk = randomChunk(model, 2, 1);
      const trial = tryOut(await tapeOf(model), model, chunk, "the model given");
      if (noise === 0) await trial;
      else
        await expect(trial).rejects.toThrow(
          /the same results .* got others the second time: Own "mine" is random by itself/,
        );
      dispose(chunk);
    }
  });

  it.each(Object.entries(refused))("but for %s, which is refused by name", async (_, [make, sentence]) => {
    await startBackend({ backend: "cpu", threads: 1 });
    const model = make();
    checkModel(model, "the model");
    const chunk = randomChunk(model, 2, 1);
    const trial = tryOut(await tapeOf(model), model, chunk, "the model given");
    await expect(trial).rejects.toThrow(sentence);
    await expect(trial).rejects.toThrow(UsageError);
    dispose(chunk);
  });

  const cases = Object.entries(models).flatMap(([name, makers]) =>
    makers.map((make, i) => [makers.length > 1 ? `${name}, ${i + 1}` : name, make] as const),
  );
  it.each(cases)("%s", async (name, make) => {
    await startBackend({ backend: "cpu", threads: 1 });
    const model = make();
    checkModel(model, "the model");
    const plain = await tapeOf(model);
    const theta = randomTheta(plain.layout.dimension, 1).map((value) => 1.5 * value);
    plain.setParameters(theta);
    let chunk = chunkFor(model, name);
    const reference = await evaluated(plain, chunk);
    await expectSlopes(plain, chunk, theta, reference.gradient);
    dispose(chunk);

    await wasm();
    chunk = chunkFor(model, name);
    for (const evaluator of [await evaluatorOf(model, onWasm), await tapeOf(model)]) {
      evaluator.setParameters(theta);
      const { loss, gradient } = await evaluated(evaluator, chunk);
      expectClose([loss], [reference.loss], 1e-5);
      expectClose(gradient, reference.gradient, 1e-5);
      evaluator.dispose();
    }
    dispose(chunk);
  });
});
