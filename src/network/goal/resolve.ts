import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { tf } from "../../compute/tensorflow.js";
import { sizeOf, type Field, type Target } from "../../data/dataset.js";
import { UsageError } from "../../errors.js";
import { namesOf, shown } from "../inspect/graph.js";
import { endingOf, type Ending } from "../inspect/output.js";
import { lossNamed } from "../losses/index.js";
import type { Loss } from "../losses/loss.js";
import { declaredLoss, declaredMetrics, declaredWeight, ofLogits, type Declaration } from "./declared.js";
import type { Goal, OutputGoal, OwnLoss } from "./goal.js";
import { metricsFor } from "./metrics.js";
import { targetShapeFor } from "./targets.js";

/** What is known of a target before its values. */
export type TargetKind = Pick<Field, "shape"> & Pick<Target, "classes" | "names">;

/** Where a model comes from. */
export interface Source {
  /** For people. */
  readonly name: string;
  /** Its outputs without activation are logits where a cross-entropy is asked for: it is one of the built-in networks. */
  readonly builtIn?: boolean;
}

/**
 * The goal of training `model` on such targets.
 * @param declarations the first that says something of an output counts
 * @throws UsageError where loss, output and targets do not fit together
 */
export function goalOf(
  model: tf.LayersModel,
  targets: readonly TargetKind[],
  declarations: readonly Declaration[],
  source: Source,
): Goal {
  const { outputs } = model;
  const names = namesOf(outputs);
  if (targets.length === 0) {
    throw new UsageError(
      `Expected labels or targets for what ${source.name} predicts, got none. Only an objective of one's own can do without.`,
    );
  }
  if (outputs.length !== targets.length) {
    throw new UsageError(
      `Expected targets for each of the outputs ${names.join(", ")} of ${source.name}, got ${targets.length} for ${outputs.length}.`,
    );
  }
  return {
    outputs: outputs.map((output, i) => {
      const declared = first(declarations, (declaration) => declaredLoss(declaration, i, names));
      const ending = endingOf(model, output);
      const choice = withTargets(
        declared
          ? lossFor(declared.loss, ending, source, declared.where)
          : defaultLoss(ending, targets[i]!, widthOf(output), source),
        targets[i]!,
      );
      const [width, positions] = [widthOf(output), positionsOf(output)];
      const targetShape = targetShapeFor(
        choice.loss,
        targets[i]!,
        outputShape(output),
        names[i]!,
        source.name,
      );
      const goal = {
        ...choice,
        name: names[i]!,
        weight:
          first(declarations, (d) => (d.lossWeights == null ? undefined : declaredWeight(d, i, names))) ?? 1,
        targetShape,
        width,
        positions,
      };
      const asked = first(declarations, (declaration) => declaredMetrics(declaration, i, names));
      return { ...goal, metrics: metricsFor(goal, asked, targets[i]!) } satisfies OutputGoal;
    }),
  };
}

type Choice = Pick<OutputGoal, "loss" | "reported" | "folded" | "link">;

const named = (name: string): Loss => lossNamed(name)!;

/** A loss as it is declared, of what the output ends in. */
function lossFor(loss: Loss | OwnLoss, ending: Ending, { name, builtIn }: Source, where: string): Choice {
  const plain: Choice = { loss, reported: loss, folded: undefined, link: "none" };
  const link = linkOf(loss);
  if (loss.ofRow === undefined || link === "none") return plain;
  const ends = ending.kind !== "open" && ending.activation === link;
  const logits = ofLogits(loss);
  if (logits === undefined) {
    // A loss of logits has the activation itself.
    if (!ends) return { ...plain, link };
    throw new UsageError(
      `Expected logits for ${loss.name}, declared by ${where}, but ${name} ends in a ${link}, which would be applied twice. ` +
        `Leave out one of the two.`,
    );
  }
  if (ends && ending.kind === "foldable") {
    return { loss: logits, reported: loss, folded: ending, link };
  }
  if (ending.kind !== "open") {
    if (ends && ending.kind === "kept" && ending.random) throw randomEnd(ending, ending.random, name);
    return plain;
  }
  if (builtIn) return { loss: logits, reported: logits, folded: undefined, link };
  throw new UsageError(
    `Expected probabilities for ${loss.name}, declared by ${where}, but ${name} ends without a ${link}. ` +
      `End it in one, or take ${logits.name}, the same of logits.`,
  );
}

/** What is minimised where nothing is declared. */
function defaultLoss(ending: Ending, target: TargetKind, width: number, source: Source): Choice {
  if (target.classes === undefined) {
    const probabilities = ending.kind === "open" ? undefined : ofProbabilities[ending.activation];
    return lossFor(named(probabilities ?? "meanSquaredError"), ending, source, "default");
  }
  if (ending.kind === "open") {
    const logits = named(width === 1 ? "sigmoidCrossEntropy" : "sparseSoftmaxCrossEntropy");
    return { loss: logits, reported: logits, folded: undefined, link: linkOf(logits) };
  }
  const name = ofProbabilities[ending.activation];
  const fits = ending.activation === "softmax" || width === 1;
  if (name !== undefined && fits && ending.kind === "foldable") {
    return lossFor(named(name), ending, source, "default");
  }
  throw noProbabilities(ending, source.name);
}

const ofProbabilities: Readonly<Record<string, string>> = {
  softmax: "categoricalCrossentropy",
  sigmoid: "binaryCrossentropy",
};

/** The activation that makes probabilities for a loss of them. */
function linkOf({ name }: Loss | OwnLoss): OutputGoal["link"] {
  if (/^(sparse)?(softmax|categorical)crossentropy$/i.test(name)) return "softmax";
  return /^(sigmoid|binary)crossentropy$/i.test(name) ? "sigmoid" : "none";
}

/**
 * Of the cross-entropy of logits, that for class numbers where the targets are. Of probabilities that do not sum to 1, it
 * is another: TensorFlow.js clips them before it makes them do so.
 */
function withTargets(choice: Choice, { classes }: TargetKind): Choice {
  const { loss, reported } = choice;
  if (classes === undefined || loss !== named("softmaxCrossEntropy")) return choice;
  return {
    ...choice,
    loss: named("sparseSoftmaxCrossEntropy"),
    reported: named(reported === loss ? "sparseSoftmaxCrossEntropy" : "sparseCategoricalCrossentropy"),
  };
}

function noProbabilities(ending: Exclude<Ending, { kind: "open" }>, source: string): UsageError {
  if (ending.kind === "kept" && ending.random) return randomEnd(ending, ending.random, source);
  const layer = shown(ending.layer);
  if (ending.activation === "softmax" && ending.kind === "kept") {
    return new UsageError(
      `Expected a softmax over the classes at the end of ${source}, once and in a layer of its own, got that of ${layer}: ` +
        `${ending.because ?? "other layers follow"}. Make that layer linear and add a softmax layer at the end, or declare a loss.`,
    );
  }
  return new UsageError(
    `Expected a model whose outputs are logits, with no activation at its end, or probabilities by softmax; ` +
      `got the activation "${ending.activation}" of ${layer} at the end of ${source}. ` +
      `Make that layer linear or softmax, with one unit for each class, or declare a loss.`,
  );
}

/** What a random layer makes of probabilities is none: 0 where the loss takes a logarithm, more than 1. */
function randomEnd(
  { activation, layer }: { activation: string; layer: tf.layers.Layer },
  random: tf.layers.Layer,
  source: string,
): UsageError {
  return new UsageError(
    `Expected nothing random behind the ${activation} of ${shown(layer)} at the end of ${source}, got ${shown(random)}: ` +
      `in training it would make no probabilities. Put it in front of that layer.`,
  );
}

function outputShape(output: SymbolicTensor): readonly (number | null)[] {
  return output.shape.slice(1);
}

/** Outputs of unknown sizes have them when a sample is seen: 0 stands for them. */
function widthOf(output: SymbolicTensor): number {
  return output.shape.at(-1) ?? 0;
}

function positionsOf(output: SymbolicTensor): number {
  return sizeOf(output.shape.slice(1, -1).map((side) => side ?? 0));
}

function first<T>(
  declarations: readonly Declaration[],
  read: (declaration: Declaration) => T | undefined,
): T | undefined {
  for (const declaration of declarations) {
    const found = read(declaration);
    if (found !== undefined) return found;
  }
  return undefined;
}
