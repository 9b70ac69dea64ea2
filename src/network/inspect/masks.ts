import type { SymbolicTensor } from "@tensorflow/tfjs";
import { UsageError } from "../../errors.js";
import {
  inputsOf,
  layersOf,
  namesOf,
  placesOf,
  resolve,
  shown,
  wrappedBy,
  type Container,
  type Place,
} from "./graph.js";

/*
 * Masks as TensorFlow.js hands them on when it runs a model: from layer to layer, dropped by layers that do not support
 * them, lost at the end of a nested model. The last one stays for all layers that come later in the order of the graph,
 * whether it belongs to what they read or not.
 */

type Layer = SymbolicTensor["sourceLayer"];

/** What layers do with a mask where TensorFlow.js does not do with it what Keras does. */
const MISTAKEN: Readonly<Record<string, string>> = {
  AveragePooling1D: "ignores it",
  MaxPooling1D: "ignores it",
  GlobalAveragePooling1D: "ignores it",
  GlobalMaxPooling1D: "ignores it",
  Add: "gives it another shape",
  Average: "gives it another shape",
  Maximum: "gives it another shape",
  Minimum: "gives it another shape",
  Multiply: "gives it another shape",
};

/**
 * Refuses models in which a mask would be lost, or act where it does not belong.
 * @throws UsageError
 */
export function checkMasks(model: Container, source: string): void {
  const makers = [...layersOf(model)].filter(({ layer }) => makesMask(layer));
  if (makers.length === 0) return;
  const nested = makers.find(({ around }) => around.length > 1);
  if (nested) {
    throw new UsageError(
      `Expected masks at the top level of the model, got ${shown(nested.layer)} in ${shown(nested.around.at(-1)!)} of ${source}: ` +
        `TensorFlow.js loses a mask at the end of a nested model. Put that layer in front of it.`,
    );
  }
  for (const place of placesOf(model)) {
    const { sourceLayer } = place.tensor;
    const maker = maskBefore(place);
    const mistake = MISTAKEN[sourceLayer.getClassName()];
    if (maker && mistake) {
      throw new UsageError(
        `Expected no mask before ${shown(sourceLayer)} of ${source}, which ${mistake} in TensorFlow.js, got that of ${shown(maker)}. ` +
          `Leave the mask out, or put a recurrent layer between.`,
      );
    }
    const takesAny =
      wrappedBy(sourceLayer).some(readsMask) && sourceLayer.getClassName() === "TimeDistributed";
    const isSoftmax = sourceLayer.getClassName() === "Softmax";
    if (takesAny || isSoftmax || (readsMask(sourceLayer) && !maker)) {
      const other = isSoftmax
        ? "Make it the activation of the layer before"
        : "Leave the mask out, or let one reach that layer as well";
      throw new UsageError(
        `Expected no ${shown(sourceLayer)} beside the mask of ${shown(makers[0]!.layer)} in ${source}: ` +
          `TensorFlow.js gives a mask to all layers that come later, also to those it is not meant for. ${other}.`,
      );
    }
  }
}

/** What is to be said of masks that no loss heeds, neither TensorFlow.js' nor these: one sentence for each output. */
export function maskedOutputs(model: Container): string[] {
  return model.outputs.flatMap((output, i) => {
    const maker = maskOf(resolve({ tensor: output }));
    if (!maker) return [];
    return [
      `The mask of ${shown(maker)} reaches the output "${namesOf(model.outputs)[i]!}", whose loss counts masked steps like others, as in TensorFlow.js: ` +
        `give them sample weights of 0 to leave them out.`,
    ];
  });
}

function makesMask(layer: Layer): boolean {
  return layer.getClassName() === "Masking" || layer.getConfig()["maskZero"] === true;
}

/** Recurrent layers, and Bidirectional ones. */
function readsMask(layer: Layer): boolean {
  return "cell" in layer || "forwardLayer" in layer;
}

/** The layer whose mask reaches what `place` is made of. */
function maskBefore(place: Place): Layer | undefined {
  const inputs = inputsOf(place);
  const those = place.tensor.sourceLayer.getClassName() === "Concatenate" ? inputs : inputs.slice(0, 1);
  return those.map(maskOf).find(Boolean);
}

/** The layer whose mask `place` has, through layers that hand masks on. */
function maskOf(place: Place): Layer | undefined {
  const layer = place.tensor.sourceLayer;
  if (makesMask(layer)) return layer;
  const handsOn = layer.supportsMasking && layer.getConfig()["returnSequences"] !== false;
  return handsOn ? maskBefore(place) : undefined;
}
