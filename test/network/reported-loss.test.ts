import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { startBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { arrayOf } from "../../src/data/dataset.js";
import { goalFor } from "../../src/network/build.js";
import type { Chunk } from "../../src/network/evaluator.js";
import type { Goal } from "../../src/network/goal/goal.js";
import { withTargetsFor } from "../../src/network/goal/targets.js";
import { scoresOf, sumsOf } from "../../src/network/scores.js";
import { expectClose, randomValues, seeds } from "../helpers/compute/compare.js";
import { compiledOn, dispose, MEMORY, tapeOf, wasm } from "../helpers/network/networks.js";

/*
 * What a run reports as the loss is what `model.evaluate` of TensorFlow.js gives on its plain backend, also where
 * the softmax or sigmoid at the end is left out in training, and where probabilities are so near 0 and 1 that they are clipped.
 */

beforeAll(async () => {
  await wasm();
});

const ROWS = 12;
const STEPS = 3;

type Ending = "softmax" | "sigmoid" | "linear" | "tanh";
const endings: readonly Ending[] = ["softmax", "sigmoid", "linear", "tanh"];

interface OutputCase {
  readonly loss: string;
  readonly ending: Ending;
  readonly width: number;
  /** (steps, width) in place of (width). */
  readonly isSequence: boolean;
  /** The run gets class numbers where `evaluate` gets one-hot rows. */
  readonly givesClasses?: boolean;
}

/** Functions of `tf.losses` that models are compiled with. */
const FUNCTIONS = ["softmaxCrossEntropy", "sigmoidCrossEntropy", "huberLoss", "absoluteDifference"] as const;
const isFunction = (loss: string): loss is (typeof FUNCTIONS)[number] =>
  (FUNCTIONS as readonly string[]).includes(loss);
type LossFunction = (y: tf.Tensor, p: tf.Tensor) => tf.Tensor;

const REGRESSIONS = [
  "meanSquaredError",
  "meanAbsoluteError",
  "meanAbsolutePercentageError",
  "meanSquaredLogarithmicError",
  "hinge",
  "squaredHinge",
  "categoricalHinge",
  "logcosh",
  "poisson",
  "cosineProximity",
  "kullbackLeiblerDivergence",
] as const;
const OF_PROBABILITIES = [
  "categoricalCrossentropy",
  "sparseCategoricalCrossentropy",
  "binaryCrossentropy",
] as const;

/**
 * All losses of TensorFlow.js behind all endings, but for those that are refused, cross-entropies of no
 * probabilities, and logarithms of numbers below 0.
 */
const all: readonly OutputCase[] = [...REGRESSIONS, ...OF_PROBABILITIES].flatMap((loss) =>
  endings.flatMap((ending) => {
    const isRefused = ending === "linear" && (OF_PROBABILITIES as readonly string[]).includes(loss);
    const isNoNumber = loss === "poisson" && ["linear", "tanh"].includes(ending);
    return isRefused || isNoNumber
      ? []
      : [false, true].map((isSequence) => ({
          loss,
          ending,
          isSequence,
          width: loss.startsWith("b") ? 2 : 3,
        }));
  }),
);

const other: readonly OutputCase[] = [
  ...FUNCTIONS.map((loss): OutputCase => ({ loss, ending: "linear", width: 3, isSequence: true })),
  ...(["softmax", "sigmoid", "tanh"] as const).map((ending): OutputCase => ({
    loss: "categoricalCrossentropy",
    ending,
    width: 3,
    isSequence: true,
    givesClasses: true,
  })),
];

function modelOf(cases: readonly OutputCase[], largest: number, seed: number): tf.LayersModel {
  const [flat, sequence] = [tf.input({ shape: [4] }), tf.input({ shape: [STEPS, 4] })];
  const outputs = cases.map(({ ending, width, isSequence }, i) =>
    tf.layers
      .dense({
        units: width,
        activation: ending,
        name: `out_${i}`,
        weights: [
          tf.tensor(
            randomValues(4 * width, seed + i).map((w) => largest * w),
            [4, width],
          ),
          tf.tensor(randomValues(width, seed + i + 1)),
        ],
      })
      .apply(isSequence ? sequence : flat),
  );
  const inputs = [
    ...(cases.some(({ isSequence }) => !isSequence) ? [flat] : []),
    ...(cases.some(({ isSequence }) => isSequence) ? [sequence] : []),
  ];
  return tf.model({ inputs, outputs: outputs as tf.SymbolicTensor[] });
}

/** Targets that such a loss means: class numbers, labels, shares, numbers. */
function targetsOf({ loss, width, isSequence }: OutputCase, seed: number): tf.Tensor {
  const shape = [ROWS, ...(isSequence ? [STEPS] : [])];
  const count = shape.reduce((a, b) => a * b);
  const values = randomValues(count * width, seed);
  const classes = Int32Array.from(
    { length: count },
    (_, i) => Math.abs(Math.floor(values[i]! * 100)) % width,
  );
  if (loss.startsWith("sparse")) return tf.tensor(classes, shape, "float32");
  const oneHot = () => values.map((_, i) => Number(classes[Math.floor(i / width)] === i % width));
  const own = /^(categorical|softmax)/.test(loss)
    ? oneHot()
    : /hinge/i.test(loss)
      ? values.map((v) => Math.sign(v) || 1)
      : /^(binary|sigmoid)/.test(loss)
        ? values.map((v) => Number(v > 0))
        : /poisson|Logarithmic|kullback/.test(loss)
          ? values.map((v) => Math.abs(v) / 2)
          : values;
  return tf.tensor(own, [...shape, width]);
}

async function expectAsEvaluated(cases: readonly OutputCase[], largest: number, seed: number): Promise<void> {
  await startBackend({ backend: "cpu", threads: 1 });
  const model = modelOf(cases, largest, seed);
  const inputs = model.inputs.map(({ shape }, i) => {
    const own = shape.slice(1) as number[];
    return tf.tensor(randomValues(ROWS * own.reduce((a, b) => a * b), seed + 31 * i), [ROWS, ...own]);
  });
  const targets = cases.map((output, i) => targetsOf(output, seed + 7 * i));
  model.compile({
    loss: cases.map(({ loss }) => (isFunction(loss) ? (tf.losses[loss] as LossFunction) : loss)) as string[],
    optimizer: "sgd",
  });
  const given = targets.map((y, i) => (cases[i]!.loss.startsWith("sparse") ? tf.expandDims(y, -1) : y));
  const evaluated = model.evaluate(inputs, given, { batchSize: 5 });
  const values = [evaluated].flat().map((scalar) => scalar.dataSync()[0]!);

  const ours = targets.map((y, i) => (cases[i]!.givesClasses ? tf.argMax(y, -1) : y));
  const kinds = ours.map(({ shape }, i) => ({
    shape: shape.slice(1),
    ...(cases[i]!.loss.startsWith("sparse") || cases[i]!.givesClasses ? { classes: cases[i]!.width } : {}),
  }));
  const samples = {
    inputs: inputs.map(({ shape }) => ({ shape: shape.slice(1) })),
    targets: kinds,
    name: "the data",
  };
  const goal = goalFor(model, samples, [], { name: "the model" });
  const fields = kinds.map((kind, i) => ({ ...kind, values: Float32Array.from(ours[i]!.dataSync()) }));
  const converted = withTargetsFor(goal, { count: ROWS, inputs: [], targets: fields }, "test");
  const { heap } = await wasm();
  const onHeap = (x: tf.Tensor) => tf.tensor(Float32Array.from(x.dataSync()), x.shape);
  const chunk: Chunk = {
    rows: ROWS,
    samples: new Int32Array(ROWS),
    inputs: inputs.map(onHeap),
    targets: converted.targets.map((target) => ({
      values: tf.tensor(Float32Array.from(arrayOf(target)), [ROWS, ...target.shape]),
      weights: undefined,
    })),
  };
  for (const evaluator of [compiledOn(model, heap!, MEMORY, goal), await tapeOf(model, goal)]) {
    const reported = await scored(goal, evaluator, chunk);
    // TensorFlow.js gives the sums of the losses up to each output, then the losses.
    expectClose([reported.loss], [values[cases.length - 1]!]);
    if (cases.length > 1)
      expectClose(
        cases.map((_, i) => reported.metrics[`out_${i}_loss`]!),
        values.slice(cases.length),
      );
    evaluator.dispose();
  }
  dispose(chunk);
  tf.dispose([...inputs, ...targets, ...ours]);
}

async function scored(
  goal: Goal,
  evaluator: { score(chunk: Chunk, sums: Float32Array): Promise<void> },
  chunk: Chunk,
) {
  const sums = new Float32Array(sumsOf(goal));
  await evaluator.score(chunk, sums);
  return scoresOf(goal, sums, ROWS);
}

describe("the loss that is reported is that of model.evaluate", () => {
  it.each(
    [...all, ...other].map(
      (output) =>
        [
          `${output.loss} of ${output.ending}${output.isSequence ? ", at steps" : ""}${output.givesClasses ? ", by class numbers" : ""}`,
          output,
        ] as const,
    ),
  )("%s", async (_, output) => {
    for (const largest of [1, 12, 60]) await expectAsEvaluated([output], largest, 3);
  });

  it("of several outputs", async () => {
    const some = fc.uniqueArray(fc.constantFrom(...all), { minLength: 2, maxLength: 4 });
    await fc.assert(fc.asyncProperty(some, fc.constantFrom(1, 12), seeds, expectAsEvaluated), {
      numRuns: 25,
    });
  });
});
