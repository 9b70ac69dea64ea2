import { Convolution } from "../../compute/wasm/convolution.js";
import type { Heap } from "../../compute/wasm/heap.js";
import type { ActivationName } from "../../compute/wasm/kernels.js";
import { writeWindow, type WindowShape } from "../../compute/wasm/window.js";
import { biasAndActivation } from "./bias-activation.js";
import { addsTo, type Operation } from "./operation.js";

/** What a convolutional layer's operation is made of. */
export interface ConvShape {
  readonly own: number;
  readonly input: number;
  /** Numbers of the filter and the bias (outChannels) among the weights. */
  readonly filter: number;
  readonly bias: number | undefined;
  readonly window: WindowShape;
  readonly outChannels: number;
  readonly activation: ActivationName;
}

/** y = f(x ∗ W + b): (rows, inHeight, inWidth, channels) → (rows, outHeight, outWidth, outChannels) */
export function conv(heap: Heap, shape: ConvShape): Operation {
  const { own, input, filter, bias, window, outChannels, activation } = shape;
  const positions = window.outHeight * window.outWidth;
  const convolution = new Convolution(heap, window, outChannels);
  const finish = biasAndActivation(own, bias, outChannels, activation);
  const all = { from: 0, to: outChannels };
  return {
    inputs: [input],
    size: positions * outChannels,
    weights: bias === undefined ? [filter] : [filter, bias],
    separable: true,
    fuse: finish.fuse,
    dispose: () => {
      convolution.dispose();
    },

    forward(block) {
      const { rows, values, weights } = block;
      const units = block.units[own] ?? all;
      convolution.forward(values[input]!, weights[filter]!, rows, units, values[own]!);
      finish.forward(block, rows * positions, units);
    },

    backward(frame) {
      const { rows, values, gradients, weights, weightGradients, accumulate } = frame;
      const units = frame.wantedUnits[own] ?? all;
      finish.backward(frame, rows * positions, units);
      const dz = gradients[own]!;
      const dW = weightGradients[filter]!;
      if (dW !== 0) convolution.filterGradient(values[input]!, dz, rows, units, accumulate, dW);
      const dx = gradients[input]!;
      if (dx !== 0) convolution.inputGradient(weights[filter]!, dz, rows, addsTo(frame, input), dx);
    },
  };
}

/** As `conv`, with `multiplier` filters for each channel alone: filter (height, width, channels, multiplier). */
export function depthwiseConv(
  heap: Heap,
  shape: Omit<ConvShape, "outChannels"> & { multiplier: number },
): Operation {
  const { own, input, filter, bias, window, multiplier, activation } = shape;
  const outChannels = window.channels * multiplier;
  const positions = window.outHeight * window.outWidth;
  const inputSize = window.inHeight * window.inWidth * window.channels;
  const filterSize = window.height * window.width * outChannels;
  const address = writeWindow(heap, window);
  const finish = biasAndActivation(own, bias, outChannels, activation);
  return {
    inputs: [input],
    size: positions * outChannels,
    weights: bias === undefined ? [filter] : [filter, bias],
    fuse: finish.fuse,
    dispose: () => {
      heap.free(address);
    },

    forward(block) {
      const { rows, values, weights } = block;
      heap.kernels.depthwise(address, values[input]!, weights[filter]!, multiplier, rows, values[own]!);
      finish.forward(block, rows * positions, { from: 0, to: outChannels });
    },

    backward(frame) {
      const { rows, values, gradients, weights, weightGradients, accumulate } = frame;
      finish.backward(frame, rows * positions, { from: 0, to: outChannels });
      const dz = gradients[own]!;
      const dW = weightGradients[filter]!;
      if (dW !== 0) {
        if (!accumulate) heap.kernels.zero(filterSize, dW);
        heap.kernels.depthwiseFilterGradient(address, values[input]!, dW, multiplier, rows, dz);
      }
      const dx = gradients[input]!;
      if (dx !== 0) {
        if (!addsTo(frame, input)) heap.kernels.zero(rows * inputSize, dx);
        heap.kernels.depthwiseInputGradient(address, dx, weights[filter]!, multiplier, rows, dz);
      }
    },
  };
}
