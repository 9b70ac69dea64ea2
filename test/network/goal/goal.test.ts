import { describe, expect, it } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { UsageError } from "../../../src/errors.js";
import { goalFor } from "../../../src/network/build.js";
import type { Declaration } from "../../../src/network/goal/declared.js";
import type { OutputGoal } from "../../../src/network/goal/goal.js";
import { surprisesOf } from "../../../src/network/goal/surprises.js";
import type { TargetKind } from "../../../src/network/goal/resolve.js";

const { layers } = tf;
type Layer = tf.layers.Layer;
const sequential = (...list: Layer[]) => tf.sequential({ layers: list });
const input = { inputShape: [4] };
const steps = { inputShape: [5, 2] };
const images = { inputShape: [6, 6, 2] };
const out = (config = {}) => layers.dense({ units: 3, name: "mine", ...config });
const inModel = (...list: Layer[]) => {
  const x = tf.input({ shape: [4] });
  const y = list.reduce<tf.SymbolicTensor>((h, layer) => layer.apply(h) as tf.SymbolicTensor, x);
  return tf.model({ inputs: x, outputs: y });
};
const compiled = (loss: tf.ModelCompileArgs["loss"], activation: "linear" | "softmax" | "sigmoid") => {
  const model = sequential(out({ ...input, activation }));
  model.compile({ loss, optimizer: "sgd" });
  return model;
};

const classes: TargetKind = { shape: [], classes: 3 };
const binary: TargetKind = { shape: [], classes: 2 };
const numbers: TargetKind = { shape: [3] };

function goalOf(
  model: tf.LayersModel,
  targets: readonly TargetKind[],
  declared: readonly Declaration[],
  builtIn = false,
) {
  const inputs = model.inputs.map(({ shape }) => ({ shape: shape.slice(1) as number[] }));
  return goalFor(model, { inputs, targets, name: "the data" }, declared, {
    name: "the model given",
    builtIn,
  });
}

/** As one line: what is minimised, what of the model is left out for it, what is reported, which targets it takes. */
function told({ loss, folded, link, reported, metrics, targetShape, positions }: OutputGoal): string {
  return [
    loss.name,
    ...(folded ? [`without the ${folded.activation} ${folded.as} of ${folded.layer.name}`] : []),
    ...(link === "none" ? [] : [`${link}s predict`]),
    ...(reported === loss ? [] : [`reported ${reported.name}`]),
    `targets (${targetShape.join(", ")})`,
    ...(positions === 1 ? [] : [`at ${positions} positions`]),
    ...metrics.map(({ name }) => name),
  ].join("; ");
}

const FOLDED =
  "sparseSoftmaxCrossEntropy; without the softmax activation of mine; softmaxs predict; reported sparseCategoricalCrossentropy; targets (); accuracy";
const LOGITS = "sparseSoftmaxCrossEntropy; softmaxs predict; targets (); accuracy";

type Case = readonly [make: () => tf.LayersModel, target: TargetKind, goal: string, loss?: unknown];

const undeclared: Record<string, Case> = {
  "logits and classes": [() => sequential(out(input)), classes, LOGITS],
  "probabilities and classes": [() => sequential(out({ activation: "softmax", ...input })), classes, FOLDED],
  "a softmax layer and classes": [
    () => sequential(out(input), layers.softmax({ name: "last" })),
    classes,
    FOLDED.replace("activation of mine", "layer of last"),
  ],
  "probabilities and one-hot rows": [
    () => sequential(out({ activation: "softmax", ...input })),
    numbers,
    "softmaxCrossEntropy; without the softmax activation of mine; softmaxs predict; reported categoricalCrossentropy; targets (3); accuracy",
  ],
  "one logit and two classes": [
    () => sequential(out({ units: 1, ...input })),
    binary,
    "sigmoidCrossEntropy; sigmoids predict; targets (1); accuracy",
  ],
  "one sigmoid and two classes": [
    () => sequential(out({ units: 1, activation: "sigmoid", ...input })),
    binary,
    "sigmoidCrossEntropy; without the sigmoid activation of mine; sigmoids predict; reported binaryCrossentropy; targets (1); accuracy",
  ],
  "sigmoids and labels of each": [
    () => sequential(out({ activation: "sigmoid", ...input })),
    numbers,
    "sigmoidCrossEntropy; without the sigmoid activation of mine; sigmoids predict; reported binaryCrossentropy; targets (3); accuracy",
  ],
  "numbers and numbers": [() => sequential(out(input)), numbers, "meanSquaredError; targets (3)"],
  "one number each": [
    () => sequential(out({ units: 1, ...input })),
    { shape: [] },
    "meanSquaredError; targets (1)",
  ],
  "bounded numbers": [
    () => sequential(out({ activation: "tanh", ...input })),
    numbers,
    "meanSquaredError; targets (3)",
  ],
  "classes at each step": [
    () => sequential(out({ activation: "softmax", ...steps })),
    { shape: [5], classes: 3 },
    FOLDED.replace("targets ()", "targets (5); at 5 positions"),
  ],
  "dropout and noise": [
    () =>
      sequential(
        layers.dropout({ rate: 0.1, ...input }),
        sequential(layers.dropout({ rate: 0.1, ...input })),
        layers.gaussianNoise({ stddev: 0.1 }),
        out(),
      ),
    classes,
    LOGITS,
  ],
  "dropout of recurrent layers": [
    () =>
      sequential(
        layers.bidirectional({
          layer: layers.gru({ units: 4, recurrentDropout: 0.2, returnSequences: true }),
          mergeMode: "concat",
          ...steps,
        }),
        layers.rnn({ cell: layers.lstmCell({ units: 2, dropout: 0.3 }) }),
        out(),
      ),
    classes,
    LOGITS,
  ],
  regularisers: [
    () =>
      sequential(
        layers.embedding({ inputDim: 9, outputDim: 2, inputLength: 3, embeddingsRegularizer: "l1l2" }),
        layers.flatten(),
        out({ kernelRegularizer: "l1l2" }),
      ),
    classes,
    LOGITS,
  ],
  "a dropout of rate 0 behind a softmax": [
    () => sequential(out({ activation: "softmax", ...input }), layers.dropout({ rate: 0 })),
    classes,
    FOLDED,
  ],
};

/** With what `compile` was told, or options of the run. */
const declared: Record<string, Case> = {
  "mean squared error of classes": [
    () => compiled("meanSquaredError", "linear"),
    classes,
    "meanSquaredError; targets (3); accuracy",
  ],
  "mean squared error of probabilities": [
    () => compiled("meanSquaredError", "softmax"),
    numbers,
    "meanSquaredError; targets (3)",
  ],
  "binary cross-entropy of a softmax": [
    () => compiled(["binaryCrossentropy"], "softmax"),
    numbers,
    "binaryCrossentropy; targets (3)",
  ],
  "binary cross-entropy of sigmoids": [
    () => compiled("binaryCrossentropy", "sigmoid"),
    numbers,
    "sigmoidCrossEntropy; without the sigmoid activation of mine; sigmoids predict; reported binaryCrossentropy; targets (3); accuracy",
  ],
  "categorical cross-entropy of sigmoids": [
    () => compiled("categoricalCrossentropy", "sigmoid"),
    numbers,
    "categoricalCrossentropy; targets (3)",
  ],
  "categorical cross-entropy of sigmoids and class numbers": [
    () => compiled("categoricalCrossentropy", "sigmoid"),
    classes,
    "categoricalCrossentropy; targets (3); accuracy",
  ],
  "categorical cross-entropy of class numbers": [
    () => compiled("categoricalCrossentropy", "softmax"),
    classes,
    FOLDED,
  ],
  "sparse cross-entropy": [() => compiled("sparseCategoricalCrossentropy", "softmax"), classes, FOLDED],
  "a map by the output's name": [
    () => compiled({ mine: "sparseCategoricalCrossentropy" }, "softmax"),
    classes,
    FOLDED,
  ],
  "softmaxCrossEntropy of tf.losses": [
    () => compiled(tf.losses.softmaxCrossEntropy, "linear"),
    classes,
    LOGITS,
  ],
  "meanSquaredError of tf.losses": [
    () => compiled(tf.losses.meanSquaredError, "linear"),
    numbers,
    "meanSquaredError; targets (3)",
  ],
  "a function": [() => compiled((a, b) => tf.sum(tf.sub(a, b)), "linear"), numbers, "own loss; targets (3)"],
  "a function, of one number each": [
    () => compiled((a, b) => tf.sum(tf.sub(a, b)), "linear"),
    { shape: [] },
    "own loss; targets (1)",
  ],
  "a function that is named like a loss": [
    () =>
      compiled(function categoricalCrossentropy(a: tf.Tensor, b: tf.Tensor) {
        return tf.sum(tf.sub(a, b));
      }, "softmax"),
    numbers,
    "categoricalCrossentropy; targets (3)",
  ],
  "an option before what compile was told": [
    () => compiled("meanSquaredError", "linear"),
    numbers,
    "meanAbsoluteError; targets (3)",
    "mae",
  ],
  "from_logits of Keras": [
    () => sequential(out(input)),
    classes,
    LOGITS,
    { class_name: "SparseCategoricalCrossentropy", config: { from_logits: true } },
  ],
  "hinge of two classes": [
    () => sequential(out({ units: 1, ...input })),
    binary,
    "hinge; targets (1); accuracy",
    "hinge",
  ],
};

type Refusal = readonly [make: () => tf.LayersModel, target: TargetKind, sentence: RegExp, loss?: unknown];

const refused: Record<string, Refusal> = {
  ...Object.fromEntries(
    (["sigmoid", "tanh", "relu", "elu", "softplus", "hardSigmoid"] as const).map(
      (activation): [string, Refusal] => [
        `${activation} at the end`,
        [
          () => sequential(out({ ...input, activation })),
          classes,
          new RegExp(`"${activation}" of Dense "mine" at the end`),
        ],
      ],
    ),
  ),
  "a relu layer at the end": [
    () => sequential(layers.dense({ units: 3, ...input }), layers.reLU({ name: "mine" })),
    classes,
    /"relu" of ReLU "mine"/,
  ],
  "sigmoid in a nested model, then reshape": [
    () => inModel(inModel(out({ activation: "sigmoid" })), layers.reshape({ targetShape: [3] })),
    classes,
    /"sigmoid" of Dense "mine"/,
  ],
  "sigmoid, then pooling": [
    () =>
      sequential(
        layers.conv2d({ filters: 3, kernelSize: 3, activation: "sigmoid", name: "mine", ...images }),
        layers.globalAveragePooling2d({}),
      ),
    classes,
    /"sigmoid" of Conv2D "mine"/,
  ],
  "an average of softmaxes": [
    () => {
      const x = tf.input({ shape: [4] });
      const parts = ["mine", "other"].map(
        (name) => out({ activation: "softmax", name }).apply(x) as tf.SymbolicTensor,
      );
      return tf.model({ inputs: x, outputs: layers.average().apply(parts) as tf.SymbolicTensor });
    },
    classes,
    /once and in a layer of its own, got that of Dense "mine": other layers follow/,
  ],
  "softmax, then rescaling": [
    () => sequential(out({ ...input, activation: "softmax" }), layers.rescaling({ scale: 2 })),
    classes,
    /that of Dense "mine": other layers follow/,
  ],
  "an LSTM at the end": [
    () => sequential(layers.lstm({ units: 3, name: "mine", ...steps })),
    classes,
    /"tanh" of LSTM "mine"/,
  ],
  "softmax over another axis": [
    () => sequential(out({ activation: "softmax", ...steps }), layers.flatten()),
    { shape: [], classes: 15 },
    /that of Dense "mine": it is over an axis of \(5, 3\), not over the 15 classes/,
  ],
  "softmax used twice": [
    () => {
      const softmax = layers.softmax({ name: "mine" });
      return inModel(layers.dense({ units: 3 }), softmax, layers.dense({ units: 3 }), softmax);
    },
    classes,
    /that of Softmax "mine": its layer, or the model that is in, is used more than once/,
  ],
  "softmax in a nested model used twice": [
    () => {
      const inner = inModel(out({ units: 4, activation: "softmax" }));
      return inModel(inner, inner);
    },
    { shape: [], classes: 4 },
    /that of Dense "mine": its layer, or the model that is in, is used more than once/,
  ],
  "softmax of a wrapped layer": [
    () =>
      sequential(
        layers.timeDistributed({
          layer: layers.dense({ units: 3, activation: "softmax" }),
          inputShape: [1, 2],
          name: "mine",
        }),
        layers.flatten(),
      ),
    classes,
    /that of TimeDistributed "mine": it is neither a layer of its own nor/,
  ],
  "dropout of probabilities": [
    () => sequential(out({ activation: "softmax", ...input }), layers.dropout({ rate: 0.1, name: "last" })),
    classes,
    /nothing random behind the softmax of Dense "mine" .*, got Dropout "last"/,
  ],
  "dropout of probabilities, with their loss": [
    () =>
      sequential(out({ activation: "sigmoid", ...input }), layers.gaussianNoise({ stddev: 1, name: "last" })),
    numbers,
    /nothing random behind the sigmoid of Dense "mine" .*, got GaussianNoise "last"/,
    "binaryCrossentropy",
  ],
  "cross-entropy of logits": [
    () => compiled("categoricalCrossentropy", "linear"),
    classes,
    /probabilities for categoricalCrossentropy, declared by model\.compile .* without a softmax.*softmaxCrossEntropy/,
  ],
  "softmaxCrossEntropy of a softmax": [
    () => compiled(tf.losses.softmaxCrossEntropy, "softmax"),
    classes,
    /logits for softmaxCrossEntropy, .* applied twice/,
  ],
  "an unknown loss": [
    () => sequential(out(input)),
    numbers,
    /a loss among .*, got "msee" in the option/,
    "msee",
  ],
  "label smoothing": [
    () => sequential(out(input)),
    classes,
    /a loss among .*"label_smoothing":0.1/,
    { class_name: "CategoricalCrossentropy", config: { from_logits: true, label_smoothing: 0.1 } },
  ],
  "a list of losses that does not fit": [
    () => sequential(out(input)),
    numbers,
    /one loss in the option .* for each of the outputs mine, got 2/,
    ["mse", "mae"],
  ],
  "a map by another name": [
    () => {
      const x = tf.input({ shape: [4] });
      return tf.model({
        inputs: x,
        outputs: ["mine", "other"].map((name) => out({ name }).apply(x) as tf.SymbolicTensor),
      });
    },
    numbers,
    /by the outputs' names, mine, other, got "third"/,
    { mine: "mse", third: "mse" },
  ],
  "sparse cross-entropy of one-hot rows": [
    () => sequential(out({ activation: "softmax", ...input })),
    numbers,
    /class numbers \(one number each\) for the output "mine" .* got \(3\)\. One-hot rows are for categoricalCrossentropy/,
    "sparseCategoricalCrossentropy",
  ],
  "targets of another shape": [
    () => sequential(out(input)),
    { shape: [2] },
    /targets \(3\) for the output "mine" \(batch, 3\) of the model given, got \(2\)/,
  ],
};

describe("what a model is trained for", () => {
  const declaring = (loss: unknown): Declaration[] =>
    loss === undefined ? [] : [{ loss, where: "the option loss" }];

  it.each(Object.entries({ ...undeclared, ...declared }))("%s", (_, [make, target, goal, loss]) => {
    const { outputs } = goalOf(make(), [target], declaring(loss));
    expect(outputs.map(told)).toEqual([goal]);
  });

  it.each(Object.entries(refused))("refuses %s", (_, [make, target, sentence, loss]) => {
    let error: unknown;
    try {
      const model = make();
      goalOf(
        model,
        model.outputs.map(() => target),
        declaring(loss),
      );
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as UsageError;
    expect(message).toMatch(sentence);
    expect(message).toMatch(/^Expected .*\.$/s);
    expect(message).not.toContain("\n");
  });

  it("has the inputs and outputs of the data", () => {
    const [a, b] = [tf.input({ shape: [4] }), tf.input({ shape: [2] })];
    const both = layers.concatenate().apply([a, b]) as tf.SymbolicTensor;
    const model = tf.model({ inputs: [a, b], outputs: out().apply(both) as tf.SymbolicTensor });
    expect(goalOf(model, [classes], []).outputs.map(told)).toEqual([LOGITS]);
    const one = { inputs: [{ shape: [4] }], targets: [classes], name: "the data" };
    expect(() => goalFor(model, one, [], { name: "the model given" })).toThrow(
      "Expected a model of an input (batch, 4) for this data (the data), got (batch, 4) and (batch, 2) from the model given.",
    );
    expect(() => goalOf(model, [classes, numbers], [])).toThrow(
      "Expected targets for each of the outputs mine of the model given, got 2 for 1.",
    );
  });

  it("has losses, weights and metrics for each output, in lists and by names", () => {
    const x = tf.input({ shape: [4] });
    const outputs = [out({ activation: "softmax" }), layers.dense({ units: 1, name: "size" })];
    const model = tf.model({
      inputs: x,
      outputs: outputs.map((layer) => layer.apply(x) as tf.SymbolicTensor),
    });
    const targets = [numbers, { shape: [] }];
    const wanted = [
      FOLDED.replaceAll("sparseC", "c").replace("sparseS", "s").replace("()", "(3)"),
      "meanAbsoluteError; targets (1); meanSquaredError",
    ];
    for (const declaration of [
      {
        loss: { mine: "categoricalCrossentropy", size: "mae" },
        lossWeights: { size: 0.25 },
        metrics: { mine: "acc", size: ["mse"] },
      },
      {
        loss: ["categorical_crossentropy", "MeanAbsoluteError"],
        lossWeights: [1, 0.25],
        metrics: [["accuracy"], ["mse"]],
      },
    ]) {
      const goal = goalOf(model, targets, [{ ...declaration, where: "model.compile" }]);
      expect(goal.outputs.map(told)).toEqual(wanted);
      expect(goal.outputs.map(({ weight }) => weight)).toEqual([1, 0.25]);
    }
    const one = { loss: "mse", lossWeights: [1, "much"], where: "the options" };
    expect(() => goalOf(model, targets, [one])).toThrow('numbers as loss weights in the options, got "much"');
  });

  it("says what not everyone expects: one-hot rows, masks that no loss heeds", () => {
    const of = (model: tf.LayersModel, target: TargetKind, loss?: unknown) =>
      surprisesOf(model, goalOf(model, [target], declaring(loss)), [target]);
    expect(of(sequential(out(input)), classes)).toEqual([]);
    expect(of(sequential(out(input)), classes, "mse")).toEqual([
      'The loss meanSquaredError of "mine" is of numbers: it gets the class numbers as one-hot rows.',
    ]);
    const masked = (returnSequences: boolean) =>
      sequential(
        layers.masking({ maskValue: 0, name: "mask", ...steps }),
        layers.lstm({ units: 2, returnSequences }),
        out(),
      );
    expect(of(masked(false), numbers)).toEqual([]);
    expect(of(masked(true), { shape: [5, 3] })).toEqual([
      'The mask of Masking "mask" reaches the output "mine", whose loss counts masked steps like others, as in TensorFlow.js: ' +
        "give them sample weights of 0 to leave them out.",
    ]);
  });

  it("takes the outputs of built-in networks for logits where a cross-entropy is asked for", () => {
    const declaration = [{ loss: "categoricalCrossentropy", where: "the option loss" }];
    expect(goalOf(sequential(out(input)), [classes], declaration, true).outputs.map(told)).toEqual([LOGITS]);
  });
});
