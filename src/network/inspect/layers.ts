import { UsageError } from "../../errors.js";
import { isFrozen, layersOf, shown, usesOf, type Container } from "./graph.js";
import { checkMasks } from "./masks.js";

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
