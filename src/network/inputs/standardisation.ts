import type { tf } from "../../compute/tensorflow.js";
import type { Dataset } from "../../data/dataset.js";
import { channelsOf, normalisationOf } from "../../data/normalisation.js";
import { UsageError } from "../../errors.js";
import type { Preparation } from "../batch.js";
import type { Vector } from "../../linalg/vector.js";
import { foldingLayer, foldingLoss, withFolded } from "./fold.js";
import { putInFront } from "./front.js";
import { inputMeaning, type InputMeaning } from "./meaning.js";

/** What happens to a model's inputs in training, and how the model that is handed back does the same by itself. */
export interface InputTreatment {
  /** What samples become in training. */
  readonly training: Preparation;
  /** What they become before the model handed back is measured: that without `front`, which does it itself. */
  readonly measuring: Preparation;
  /**
   * What `use` makes of θ of the model handed back, which it has to read at once. On samples as they are measured, it is what
   * `theta` is on those of training: quality is measured with it, so that what is reported is what the model predicts.
   */
  handedBack<T>(theta: Vector, use: (theta: Vector) => T): T;
  /** The model handed back: the one trained, or that behind `front`. */
  whole(trained: tf.LayersModel): tf.LayersModel;
  /** For `config.json`. */
  readonly record: TreatmentRecord;
}

export interface TreatmentRecord {
  readonly standardised: boolean;
  readonly because: string;
  /** What of the model handed back standardises. */
  readonly by?: string;
}

export interface StandardisationWish {
  /** Of the user; undefined: where the weights are fresh, and the model takes quantities that it does not normalise. */
  readonly standardise: boolean | undefined;
  /** Whether the weights were drawn for this run. Others were learned on inputs as they were. */
  readonly freshWeights: boolean;
}

/**
 * Decides on the inputs of `model`, trained on `data`.
 * @param held the part of the model that is held here: vectors are its parameters
 * @throws UsageError where they are to be standardised and mean something else than quantities
 */
export function treatInputs(
  model: tf.LayersModel,
  data: Dataset,
  wish: StandardisationWish,
  held = model,
): InputTreatment {
  const { standardise, because } = decide(model, wish);
  const unchanged: Preparation = { normalisations: [] };
  const asTrained = {
    measuring: unchanged,
    handedBack: <T>(theta: Vector, use: (theta: Vector) => T) => use(theta),
    whole: (trained: tf.LayersModel) => trained,
  };
  if (!standardise) {
    return { ...asTrained, training: unchanged, record: { standardised: false, because } };
  }
  const [input] = data.inputs;
  const normalisation = normalisationOf(input!);
  const training = { normalisations: [normalisation] };
  const layer = foldingLayer(model, channelsOf(input!));
  if (typeof layer !== "string" && foldingLoss(normalisation) === undefined) {
    const here = foldingLayer(held, channelsOf(input!));
    const isHere = typeof here !== "string" && here.name === layer.name;
    return {
      ...asTrained,
      training,
      ...(isHere && { handedBack: (theta, use) => withFolded(theta, here, normalisation, use) }),
      record: { standardised: true, because, by: `the weights of ${layer.name}` },
    };
  }
  const front = putInFront(model, normalisation, input!.shape);
  return {
    ...asTrained,
    training,
    measuring: { normalisations: [], front: (x) => front.apply(x) },
    whole: () => front.model,
    record: { standardised: true, because, by: `layers in front: ${front.names.join(", ")}` },
  };
}

function decide(model: tf.LayersModel, { standardise, freshWeights }: StandardisationWish) {
  const { kind, because }: InputMeaning =
    model.inputs.length === 1
      ? inputMeaning(model)
      : { kind: "codes", because: "the model has several inputs, each of a meaning of its own" };
  if (standardise === true && kind === "codes") {
    throw new UsageError(
      `Expected inputs that can be standardised, but ${because}: another value would be another thing. ` +
        `Leave standardise out.`,
    );
  }
  if (standardise !== undefined) return { standardise, because: "asked for" };
  if (!freshWeights) return { standardise: false, because: "the model brings weights of its own" };
  return kind === "quantities"
    ? { standardise: true, because: "the weights are fresh" }
    : { standardise: false, because };
}

/**
 * Checks that inputs can be standardised for a model that is trained in place: its layers are the user's, so that
 * nothing but its weights can do it afterwards.
 * @throws UsageError
 */
export function checkStandardisedInPlace(model: tf.LayersModel, data: Dataset | undefined): void {
  decide(model, { standardise: true, freshWeights: false });
  const [input] = data?.inputs ?? [];
  const channels = input ? channelsOf(input) : (model.inputs[0]!.shape.at(-1) ?? 1);
  const layer = foldingLayer(model, channels);
  const why = typeof layer === "string" ? layer : input && foldingLoss(normalisationOf(input));
  if (why === undefined) return;
  throw new UsageError(
    `Expected a model into whose first layer the standardisation of its inputs can be folded, since it is trained in ` +
      `place, but ${why}. Standardise the data yourself, let the model begin with a normalisation, ` +
      `or give it as a module or model.json, which gets layers in front.`,
  );
}
