import { UsageError } from "../../errors.js";
import type { Ending } from "./output.js";

/** A loss as it is declared: by `compile`, or in the `trainingConfig` of a `model.json`. */
interface DeclaredLoss {
  readonly name: string;
  /** Whether it takes logits, and applies the softmax itself. */
  readonly fromLogits: boolean;
}

/** What `name` of `tf.losses.softmaxCrossEntropy` is, in every copy and bundle of TensorFlow.js. */
const SOFTMAX_CROSS_ENTROPY = "softmaxCrossEntropy__op";

/** Without what each way of spelling puts between the words. */
const CROSS_ENTROPIES = new Set(["categoricalcrossentropy", "sparsecategoricalcrossentropy"]);

/**
 * Refuses a declared loss that is not the softmax cross-entropy of what the model ends in.
 * @param loss as `compile` takes it, or as Keras writes it
 * @param where that is declared, for people
 * @throws UsageError
 */
export function checkLoss(loss: unknown, ending: Ending, where: string): void {
  const single = theOnly(loss);
  if (single == null) return;
  const declared = known(single);
  if (declared === undefined) {
    throw new UsageError(
      `Expected categorical or sparse categorical cross-entropy, the loss that training minimises, got ${shown(single)} in ${where}. ` +
        `Give it another loss, or none.`,
    );
  }
  const hasSoftmax = ending.kind !== "logits";
  if (declared.fromLogits && hasSoftmax) {
    throw new UsageError(
      `Expected logits for ${declared.name} of logits in ${where}, but the model ends in a softmax, which would be applied twice. ` +
        `Leave out one of the two.`,
    );
  }
  if (!declared.fromLogits && !hasSoftmax) {
    throw new UsageError(
      `Expected probabilities for ${declared.name} in ${where}, but the model ends without a softmax. ` +
        `End it in one, or leave the loss out: results are then taken as logits.`,
    );
  }
}

/**
 * Refuses loss and sample weights, which Keras writes beside the loss.
 * @throws UsageError
 */
export function checkLossWeights(weights: Readonly<Record<string, unknown>>, where: string): void {
  for (const key of ["loss_weights", "lossWeights", "sample_weight_mode", "sampleWeightMode"]) {
    const value = theOnly(weights[key]);
    if (value == null || value === 1) continue;
    throw new UsageError(
      `Expected no ${key} in ${where}, which training does not honour, got ${JSON.stringify(weights[key])}. Leave it out.`,
    );
  }
}

/** Of a list or a map with one entry, that: the model has one output. */
function theOnly(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? theOnly(value[0]) : value.length === 0 ? null : value;
  if (typeof value === "object" && value !== null && !("class_name" in value)) {
    const values: unknown[] = Object.values(value);
    return values.length === 1 ? theOnly(values[0]) : values.length === 0 ? null : value;
  }
  return value;
}

function known(loss: unknown): DeclaredLoss | undefined {
  if (typeof loss === "function") {
    return loss.name === SOFTMAX_CROSS_ENTROPY
      ? { name: "softmaxCrossEntropy", fromLogits: true }
      : undefined;
  }
  if (typeof loss === "string") {
    return CROSS_ENTROPIES.has(plain(loss)) ? { name: loss, fromLogits: false } : undefined;
  }
  const { class_name: name, config } = loss as { class_name?: unknown; config?: Record<string, unknown> };
  if (typeof name !== "string" || !CROSS_ENTROPIES.has(plain(name))) return undefined;
  const isPlain = !config?.["label_smoothing"] && config?.["ignore_class"] == null;
  return isPlain ? { name, fromLogits: config?.["from_logits"] === true } : undefined;
}

function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function shown(loss: unknown): string {
  if (typeof loss === "function") return `the function ${loss.name || "without a name"}`;
  return JSON.stringify(loss);
}
