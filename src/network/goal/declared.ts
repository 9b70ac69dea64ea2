import { UsageError } from "../../errors.js";
import { lossNamed } from "../losses/index.js";
import { LOSS_NAMES } from "../losses/names.js";
import type { Loss } from "../losses/loss.js";
import type { OwnLoss } from "./goal.js";

/** What is to be minimised and measured, as `compile` takes it: for all outputs, in a list, or by their names. */
export interface Declaration {
  /** A name, a description of Keras', a function, or the source of one: `{ function }`. */
  readonly loss?: unknown;
  readonly lossWeights?: unknown;
  readonly metrics?: unknown;
  /** Where that is declared, for people. */
  readonly where: string;
}

/**
 * A declaration that can be written into a file: functions of TensorFlow.js by their names, others by their sources.
 */
export function portable({ loss, metrics, ...rest }: Declaration): Declaration {
  const written = (part: unknown): unknown => {
    if (typeof part === "function") return writtenFunction(part as LossFunction);
    if (Array.isArray(part)) return part.map(written);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, written(value)]));
  };
  const named = (part: unknown): unknown =>
    typeof part === "function" ? part.name : Array.isArray(part) ? part.map(named) : part;
  return { ...rest, loss: written(loss), metrics: named(metrics) };
}

function writtenFunction(loss: LossFunction): unknown {
  const known = /^(\w+?)__op$/.exec(loss.name)?.[1];
  if (known === undefined) return { function: loss.toString() };
  return OF_TENSORFLOW[known] ?? { function: `tf.losses.${known}` };
}

/** One output's part of a declaration. */
export interface DeclaredLoss {
  readonly loss: Loss | OwnLoss;
  readonly where: string;
}

type LossFunction = OwnLoss["ofTensors"];

/** `tf.losses` by what their `name` is in every copy and bundle of TensorFlow.js, where they reduce to the same mean. */
const OF_TENSORFLOW: Readonly<Record<string, string>> = {
  softmaxCrossEntropy: "softmaxCrossEntropy",
  sigmoidCrossEntropy: "sigmoidCrossEntropy",
  meanSquaredError: "meanSquaredError",
  absoluteDifference: "meanAbsoluteError",
  huberLoss: "huber",
};

/** Cross-entropies by Keras' names, and the same of logits. */
const OF_LOGITS: Readonly<Record<string, string>> = {
  categoricalCrossentropy: "softmaxCrossEntropy",
  sparseCategoricalCrossentropy: "sparseSoftmaxCrossEntropy",
  binaryCrossentropy: "sigmoidCrossEntropy",
};

export function ofLogits(loss: Loss): Loss | undefined {
  const name = OF_LOGITS[loss.name];
  return name === undefined ? undefined : lossNamed(name);
}

/**
 * The loss declared for output number `output`, one of `names`; undefined where none is.
 * @throws UsageError where it is unknown
 */
export function declaredLoss(
  { loss, where }: Declaration,
  output: number,
  names: readonly string[],
): DeclaredLoss | undefined {
  const own = isDescription(loss) ? loss : partFor(loss, output, names, `loss in ${where}`);
  if (own == null) return undefined;
  const found = lossOf(own);
  if (found) return { loss: found, where };
  const got = typeof own === "string" ? `"${own}"` : JSON.stringify(own);
  throw new UsageError(
    `Expected a loss among ${LOSS_NAMES.join(", ")}, or a function, got ${got} in ${where}.`,
  );
}

function lossOf(given: unknown): Loss | OwnLoss | undefined {
  if (typeof given === "string") return lossNamed(given);
  if (typeof given === "function") {
    const known = /^(\w+?)__op$/.exec(given.name)?.[1];
    if (known !== undefined && known in OF_TENSORFLOW) return lossNamed(OF_TENSORFLOW[known]!);
    return { name: given.name || "own loss", targets: "numbers", ofTensors: given as LossFunction };
  }
  if (isDescription(given)) return described(given);
  return undefined;
}

interface Description {
  readonly class_name: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** As Keras writes a loss into a file, where it has no settings that are not honoured. */
function described({ class_name: name, config = {} }: Description): Loss | undefined {
  const loss = lossNamed(name);
  const unusual =
    Boolean(config["label_smoothing"]) ||
    config["ignore_class"] != null ||
    (config["delta"] ?? 1) !== 1 ||
    !["auto", "sum_over_batch_size", undefined, null].includes(config["reduction"] as string);
  if (!loss || unusual) return undefined;
  return config["from_logits"] === true ? ofLogits(loss) : loss;
}

function isDescription(value: unknown): value is Description {
  return typeof value === "object" && value !== null && "class_name" in value;
}

/** A function that a program could not hand over but by its source. */
export function isSource(value: unknown): value is { readonly function: string } {
  return typeof value === "object" && value !== null && "function" in value;
}

/**
 * What a list has for this output, or a map by its name; else it is for all.
 * @throws UsageError for lists and maps that do not fit the outputs
 */
export function partFor(given: unknown, output: number, names: readonly string[], what: string): unknown {
  if (Array.isArray(given)) {
    if (given.length === names.length) return given[output];
    if (given.length === 0) return undefined;
    throw new UsageError(
      `Expected one ${what} for each of the outputs ${names.join(", ")}, got ${given.length}.`,
    );
  }
  if (typeof given === "object" && given !== null) {
    const unknown = Object.keys(given).find((name) => !names.includes(name));
    if (unknown !== undefined && names.length === 1 && Object.keys(given).length === 1)
      return Object.values(given as Record<string, unknown>)[0];
    if (unknown !== undefined) {
      throw new UsageError(`Expected ${what} by the outputs' names, ${names.join(", ")}, got "${unknown}".`);
    }
    return (given as Record<string, unknown>)[names[output]!];
  }
  return given;
}

/** @throws UsageError for a weight that is no number */
export function declaredWeight(
  { lossWeights, where }: Declaration,
  output: number,
  names: readonly string[],
): number {
  const weight = partFor(lossWeights, output, names, `loss weight in ${where}`) ?? 1;
  if (typeof weight === "number" && Number.isFinite(weight)) return weight;
  throw new UsageError(`Expected numbers as loss weights in ${where}, got ${JSON.stringify(weight)}.`);
}

/** The metrics declared for an output. A list of names is for all of them, a list of lists or a map for each. */
export function declaredMetrics(
  { metrics, where }: Declaration,
  output: number,
  names: readonly string[],
): string[] | undefined {
  if (metrics == null) return undefined;
  const flat = typeof metrics === "string" || (Array.isArray(metrics) && !metrics.some(Array.isArray));
  const own = flat ? metrics : (partFor(metrics, output, names, `list of metrics in ${where}`) ?? []);
  const list: unknown[] = Array.isArray(own) ? own : [own];
  return list.map((metric) => {
    if (typeof metric === "string") return metric;
    if (typeof metric === "function") return metric.name;
    throw new UsageError(`Expected metrics by their names in ${where}, got ${JSON.stringify(metric)}.`);
  });
}
