import type { tf } from "../compute/tensorflow.js";
import { AptsError, UsageError } from "../errors.js";

/**
 * Weights of a model that the user's program made, perhaps with another copy of TensorFlow.js than apts has: they are
 * read and written by the model's own interface alone.
 */

type Names = readonly string[];

/** The model's weights by the names under which `model.json` lists them, in the order of `getWeights`. */
export function namesOfWeights(specs: readonly tf.io.WeightsManifestEntry[]): Names {
  const names = specs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new UsageError(
    `Expected every weight of the model to have a name of its own, got two of the name "${twice}". Give its layers names of their own.`,
  );
}

/**
 * Writes trained weights into `model`. All are found and checked before the first is written.
 * @param names from `namesOfWeights`: frozen and trained weights may lie in another order where the model was read again
 */
export async function writeWeights(
  model: tf.LayersModel,
  names: Names,
  trained: tf.NamedTensorMap,
): Promise<void> {
  const own = model.getWeights();
  const found = own.map(({ shape }, i) => {
    const found = trained[names[i]!];
    if (found && String(found.shape) === String(shape)) return found;
    throw new AptsError(
      `Expected the trained model to have "${names[i]!}" of shape [${shape.join(", ")}], got ${found ? `shape [${found.shape.join(", ")}]` : "none"}. ` +
        `The model is as it was; the trained one is in the run folder.`,
    );
  });
  // A buffer of the model's own library makes tensors of that library, on whatever backend it runs.
  const fresh: tf.Tensor[] = [];
  try {
    for (const [i, weight] of own.entries()) {
      const buffer = await weight.buffer();
      buffer.values = (await found[i]!.data()) as Float32Array;
      fresh.push(buffer.toTensor());
    }
    // One by one: `setWeights` of a Sequential orders weights otherwise than `getWeights` where a nested model is frozen.
    model.weights.forEach((weight, i) => {
      weight.write(fresh[i]!);
    });
  } finally {
    for (const tensor of fresh) tensor.dispose();
  }
}

/** Names of everything that plain TensorFlow.js can build again from a `model.json`. */
const KNOWN = new Set(
  (
    "Adadelta Adagrad Adam Adamax Momentum RMSProp SGD Zeros Ones Constant RandomUniform RandomNormal TruncatedNormal " +
    "Identity VarianceScaling GlorotUniform GlorotNormal HeNormal HeUniform LeCunNormal LeCunUniform Orthogonal InputLayer " +
    "MaxNorm UnitNorm NonNeg MinMaxNorm Model Functional Sequential L1L2 ReLU LeakyReLU PReLU ELU ThresholdedReLU Softmax " +
    "Conv2D Conv3D Conv2DTranspose Conv3DTranspose SeparableConv2D Conv1D Cropping2D UpSampling2D DepthwiseConv2D RNN " +
    "SimpleRNNCell SimpleRNN GRUCell GRU LSTMCell LSTM StackedRNNCells ConvLSTM2DCell ConvLSTM2D Dropout SpatialDropout1D " +
    "Dense Flatten Activation RepeatVector Reshape Permute Masking Embedding Add Multiply Average Maximum Minimum " +
    "Concatenate Dot GaussianNoise GaussianDropout AlphaDropout BatchNormalization LayerNormalization ZeroPadding2D " +
    "MaxPooling1D AveragePooling1D MaxPooling2D AveragePooling2D MaxPooling3D AveragePooling3D GlobalAveragePooling1D " +
    "GlobalMaxPooling1D GlobalAveragePooling2D GlobalMaxPooling2D TimeDistributed Bidirectional Rescaling CenterCrop " +
    "CategoryEncoding Resizing RandomWidth"
  ).split(" "),
);

export function isKnownClass(name: string): boolean {
  return KNOWN.has(name);
}

/**
 * Ranks are processes of their own, where classes that this one has registered are not known.
 * @throws UsageError naming the first such class in a model's topology
 */
export function refuseCustomClasses(topology: unknown): void {
  JSON.stringify(topology, (key, value: unknown) => {
    // A nested description has the name of its class, and of its activation, beside its configuration.
    if (key !== "class_name" || typeof value !== "string" || KNOWN.has(value)) return value;
    throw new UsageError(
      `Expected a model of TensorFlow.js' own layers, which the ranks, processes of their own, can build again; got the custom ` +
        `class "${value}", which this process alone knows. Put the class and the model in a module that exports ` +
        `createModel({ tf }), and give its path as model.`,
    );
  });
}
