import type { Heap } from "../../../src/compute/wasm/heap.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { UnsupportedLayer } from "../../../src/network/compiled/layers/layer-call.js";
import { layerBuilders } from "../../../src/network/compiled/layers/layers.js";
import { losses } from "../../../src/network/losses/index.js";
import { METRIC_NAMES } from "../../../src/network/metrics/index.js";
import { classifier, compiledOn } from "./networks.js";

const { layers } = tf;
type Layer = tf.layers.Layer;
const STEPS = [4, 3];
const IMAGE = [5, 4, 2];

/** Settings that may send a network through TensorFlow.js: whether they do is tried. */
const settings: Readonly<
  Record<string, Readonly<Record<string, readonly [shape: number[], make: () => Layer]>>>
> = {
  Dropout: { noiseShape: [STEPS, () => layers.dropout({ rate: 0.5, noiseShape: [null as never, 1, 3] })] },
  Embedding: { maskZero: [[4], () => layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true })] },
  Softmax: { "an axis but the last": [STEPS, () => layers.softmax({ axis: 1 })] },
  Flatten: { channelsFirst: [IMAGE, () => layers.flatten({ dataFormat: "channelsFirst" })] },
  Conv2D: {
    channelsFirst: [IMAGE, () => layers.conv2d({ filters: 2, kernelSize: 2, dataFormat: "channelsFirst" })],
  },
  Conv1D: { dilationRate: [STEPS, () => layers.conv1d({ filters: 2, kernelSize: 2, dilationRate: 2 })] },
  UpSampling2D: {
    "interpolation: bilinear": [
      IMAGE,
      () => layers.upSampling2d({ size: [2, 2], interpolation: "bilinear" }),
    ],
  },
  ReLU: { maxValue: [[3], () => layers.reLU({ maxValue: 1 })] },
  ...Object.fromEntries(
    (["simpleRNN", "lstm", "gru"] as const).map((kind) => [
      { simpleRNN: "SimpleRNN", lstm: "LSTM", gru: "GRU" }[kind],
      {
        dropout: [STEPS, () => layers[kind]({ units: 2, dropout: 0.5 })],
        recurrentDropout: [STEPS, () => layers[kind]({ units: 2, recurrentDropout: 0.5 })],
        goBackwards: [STEPS, () => layers[kind]({ units: 2, goBackwards: true })],
      } as const,
    ]),
  ),
  Bidirectional: {
    "of a ConvLSTM2D": [
      [2, 3, 3, 1],
      () =>
        layers.bidirectional({
          layer: layers.convLstm2d({ filters: 1, kernelSize: 2 }),
          mergeMode: "concat",
        }),
    ],
  },
  TimeDistributed: {
    "of a convolution": [
      [2, 3, 3, 1],
      () => layers.timeDistributed({ layer: layers.conv2d({ filters: 1, kernelSize: 2 }) }),
    ],
  },
};

/** Containers: what is in them counts. */
const CONTAINERS = new Set(["InputLayer", "Model", "Functional", "Sequential"]);

/** docs/layers.md, as the code has it. */
export function layersPage(heap: Heap): string {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const kinds = Object.entries(classNameMap)
    .filter(([name, [made]]) => made.prototype instanceof tf.layers.Layer && !CONTAINERS.has(name))
    .map(([name]) => name)
    .sort();
  const compiled = kinds.filter((kind) => kind in layerBuilders);
  const others = kinds.filter((kind) => !(kind in layerBuilders) && kind !== "RandomWidth");
  return `# Layers, losses, metrics

Made from the code by \`test/network/layers-page.test.ts\` (\`npx vitest run -u\` writes it anew).

Every layer of TensorFlow.js trains. A network of layers that have kernels of the project's own is compiled for the WebAssembly
heap; a network with any other layer goes through TensorFlow.js' operations as a whole, on every backend alike, and so does
every network where the backend is another. What WebAssembly lacks is then computed by plain JavaScript: slow, and right.
Which way a run takes, and for which layer, its first lines say.

## Compiled

| layer | but through TensorFlow.js with |
| --- | --- |
${compiled.map((kind) => `| ${kind} | ${unsupported(kind, heap).join(", ")} |`).join("\n")}

Of layers that are models, what is in them counts. Layers with regularisers of their activities (TensorFlow.js allows those within
TimeDistributed alone) go through TensorFlow.js.

## Through TensorFlow.js

${others.join(", ")}, and layers of one's own.

Refused: RandomWidth, which is random in prediction as well; constraints, states kept between batches, masks where TensorFlow.js
loses them or hands them to layers they are not meant for; and what TensorFlow.js cannot differentiate or compute, which is
tried on two samples before anything starts (dilated convolutions, CenterCrop behind weights, Resizing, a softmax over another
axis than the last: some of them have kernels above).

## Losses

${losses.map(({ name, targets }) => `- \`${name}\`, of ${targets === "classes" ? "class numbers" : "numbers"}`).join("\n")}

All have their derivative in compiled networks. Functions of one's own go through TensorFlow.js.

## Metrics

${METRIC_NAMES.map((name) => `\`${name}\``).join(", ")}
`;
}

/** The settings of a kind that its builder does not honour. */
function unsupported(kind: string, heap: Heap): string[] {
  return Object.entries(settings[kind] ?? {}).flatMap(([name, [shape, make]]) => {
    try {
      compiledOn(classifier(shape, make()), heap).dispose();
      return [];
    } catch (error) {
      if (error instanceof UnsupportedLayer) return [name];
      throw error;
    }
  });
}
