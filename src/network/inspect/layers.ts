import type { SymbolicTensor } from "@tensorflow/tfjs";
import { UsageError } from "../../errors.js";
import {
  inputsOf,
  isFrozen,
  layersOf,
  placesOf,
  shown,
  usesOf,
  type Container,
  type Place,
} from "./graph.js";

/**
 * Refuses layers that TensorFlow.js does not compute as they are declared, in the place where they are.
 * @throws UsageError
 */
export function checkLayers(model: Container, source: string): void {
  checkBatchNormalisations(model, source);
  checkMasks(model, source);
  checkConvolutions(model, source);
}

/** Layers whose dilation TensorFlow.js takes, and leaves out. */
const NEVER_DILATED = new Set(["DepthwiseConv2D", "Conv2DTranspose", "Conv3DTranspose"]);

/** What TensorFlow.js takes in a convolution's configuration and does not compute. */
function checkConvolutions(model: Container, source: string): void {
  for (const { layer } of layersOf(model)) {
    const { dilationRate, padding } = layer as { dilationRate?: unknown; padding?: unknown };
    if (padding === "causal" && layer.getClassName().startsWith("Conv")) {
      throw new UsageError(
        `Expected "same" or "valid" as padding of convolutions, got "causal" of ${shown(layer)} in ${source}, ` +
          `which TensorFlow.js does not compute. Put zeros before the sequence in the data, and pad with "valid".`,
      );
    }
    const isDilated = [dilationRate].flat().some((rate) => rate !== undefined && rate !== 1);
    if (isDilated && NEVER_DILATED.has(layer.getClassName())) {
      throw new UsageError(
        `Expected no dilation of ${layer.getClassName()}, which TensorFlow.js leaves out, ` +
          `got dilationRate ${String(dilationRate)} of ${shown(layer)} in ${source}. Set it to 1, or use another convolution.`,
      );
    }
  }
}

/** Their statistics are those of one application to one batch. */
function checkBatchNormalisations(model: Container, source: string): void {
  for (const placed of layersOf(model)) {
    if (placed.layer.getClassName() !== "BatchNormalization" || isFrozen(placed)) continue;
    const wrapper = placed.around.find((layer) => layer.getClassName() === "TimeDistributed");
    if (wrapper) {
      throw new UsageError(
        `Expected batch normalisation outside of wrappers, got ${shown(placed.layer)} in ${shown(wrapper)} of ${source}. ` +
          `Apply it to the sequence as it is: it normalises the last axis.`,
      );
    }
    const uses = usesOf(model, placed.layer);
    if (uses > 1) {
      throw new UsageError(
        `Expected batch normalisation that is applied once, got ${shown(placed.layer)} applied ${uses} times in ${source}: ` +
          `it has one mean and variance for all of them. Give each place a layer of its own.`,
      );
    }
  }
}

/** TensorFlow.js hands masks on from layer to layer, but not out of nested models, and its pooling ignores them. */
function checkMasks(model: Container, source: string): void {
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
    if (!sourceLayer.getClassName().endsWith("Pooling1D")) continue;
    const maker = inputsOf(place).map(maskMaker).find(Boolean);
    if (!maker) continue;
    throw new UsageError(
      `Expected no mask before ${shown(sourceLayer)} of ${source}, which ignores it in TensorFlow.js, got that of ${shown(maker)}. ` +
        `Leave the mask out, or put a recurrent layer between.`,
    );
  }
}

type Layer = SymbolicTensor["sourceLayer"];

function makesMask(layer: Layer): boolean {
  return layer.getClassName() === "Masking" || layer.getConfig()["maskZero"] === true;
}

/** The layer whose mask reaches `place`, through layers that hand masks on. */
function maskMaker(place: Place): Layer | undefined {
  const layer = place.tensor.sourceLayer;
  if (makesMask(layer)) return layer;
  const handsOn = layer.supportsMasking && layer.getConfig()["returnSequences"] !== false;
  return handsOn ? inputsOf(place).map(maskMaker).find(Boolean) : undefined;
}
