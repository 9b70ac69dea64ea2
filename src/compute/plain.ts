import type { DataId, KernelBackend, TensorInfo } from "@tensorflow/tfjs";
import type { StartedBackend } from "./backend.js";
import { tf } from "./tensorflow.js";
import { replaceKernel } from "./wasm/replace.js";

/** Plain JavaScript: slow, runs everywhere, and the reference the others are tested against. */
export async function startPlain(): Promise<StartedBackend> {
  await tf.setBackend("cpu");
  correctPlainKernels();
  return {
    version: tf.version["tfjs-backend-cpu"],
    threads: 1,
    description: "plain JavaScript (slow)",
    // Math.exp and its like are V8's own and may change with it.
    determinants: [`v8 ${process.versions.v8}`, process.arch],
  };
}

let corrected = false;

/**
 * Puts right what TensorFlow.js 4.22's plain kernels get wrong: gradients of average pooling where it pads, which divide
 * by more entries than there are, and of enlarging by copies, which mix up the samples of a batch.
 */
export function correctPlainKernels(): void {
  if (corrected) return;
  corrected = true;
  replaceKernel<PoolInputs, PoolAttributes>("AvgPoolGrad", correctedPool(sharesOf2D), "cpu");
  replaceKernel<PoolInputs, PoolAttributes>("AvgPool3DGrad", correctedPool(sharesOf3D), "cpu");
  replaceKernel<{ images: TensorInfo; dy: TensorInfo }, { alignCorners: boolean }>(
    "ResizeNearestNeighborGrad",
    ({ inputs: { images, dy }, attrs: { alignCorners } }) => {
      const [batch, height, width, depth] = images.shape as Four;
      const [, newHeight, newWidth] = dy.shape as Four;
      const rows = sources(height, newHeight, alignCorners);
      const columns = sources(width, newWidth, alignCorners);
      const dx = new Float32Array(batch * height * width * depth);
      let at = 0;
      const values = valuesOf(dy);
      for (let b = 0; b < batch; b++) {
        for (const row of rows) {
          for (const column of columns) {
            const to = ((b * height + row) * width + column) * depth;
            for (let d = 0; d < depth; d++) dx[to + d]! += values[at++]!;
          }
        }
      }
      return plain().makeTensorInfo(images.shape, "float32", dx);
    },
    "cpu",
  );
}

type Four = [number, number, number, number];

interface PlainBackend extends KernelBackend {
  readonly data: { get(dataId: DataId): { readonly values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: "float32", values: Float32Array): TensorInfo;
}

function plain(): PlainBackend {
  return tf.findBackend("cpu") as PlainBackend;
}

function valuesOf({ dataId }: TensorInfo): Float32Array {
  return plain().data.get(dataId).values;
}

/** The entry that each of the new ones along an axis copies. */
function sources(size: number, newSize: number, alignCorners: boolean): number[] {
  const aligned = alignCorners && newSize > 1;
  const ratio = aligned ? (size - 1) / (newSize - 1) : size / newSize;
  const round = alignCorners ? Math.round : Math.floor;
  return Array.from({ length: newSize }, (_, i) => Math.min(size - 1, round(i * ratio)));
}

interface PoolInputs {
  readonly dy: TensorInfo;
  readonly input: TensorInfo;
}

interface PoolAttributes {
  readonly filterSize: never;
  readonly strides: never;
  readonly pad: never;
  readonly dimRoundingMode?: never;
}

/** For each axis, how much of the window at each position lies in the image, as a share of the window. */
type Shares = (shape: number[], attributes: PoolAttributes) => number[][];

type Replacement = Parameters<typeof replaceKernel<PoolInputs, PoolAttributes>>[1];

/** The kernel that divides by all of a window is given what makes that a division by the part in the image. */
function correctedPool(sharesOf: Shares): Replacement {
  return ({ inputs: { dy, input }, attrs }, shipped) => {
    const shares = sharesOf(input.shape, attrs);
    const [batch = 1, ...rest] = dy.shape;
    const depth = rest.pop()!;
    const scaled = valuesOf(dy).slice();
    let at = 0;
    const scale = (axis: number, share: number): void => {
      if (axis < shares.length) for (const own of shares[axis]!) scale(axis + 1, share * own);
      else for (let d = 0; d < depth; d++) scaled[at++]! /= share;
    };
    for (let b = 0; b < batch; b++) scale(0, 1);
    const given = plain().makeTensorInfo(dy.shape, "float32", scaled);
    const result = shipped({ inputs: { dy: given, input }, attrs });
    plain().disposeData(given.dataId);
    return result;
  };
}

const sharesOf2D: Shares = (shape, { filterSize, strides, pad, dimRoundingMode }) => {
  const pool = tf.backend_util.computePool2DInfo(shape as Four, filterSize, strides, 1, pad, dimRoundingMode);
  const { padInfo } = pool;
  return [
    shares(pool.inHeight, pool.outHeight, pool.filterHeight, pool.strideHeight, padInfo.top),
    shares(pool.inWidth, pool.outWidth, pool.filterWidth, pool.strideWidth, padInfo.left),
  ];
};

const sharesOf3D: Shares = (shape, { filterSize, strides, pad, dimRoundingMode }) => {
  const five = shape as [number, number, number, number, number];
  const pool = tf.backend_util.computePool3DInfo(five, filterSize, strides, 1, pad, dimRoundingMode);
  const { padInfo } = pool;
  return [
    shares(pool.inDepth, pool.outDepth, pool.filterDepth, pool.strideDepth, padInfo.front),
    shares(pool.inHeight, pool.outHeight, pool.filterHeight, pool.strideHeight, padInfo.top),
    shares(pool.inWidth, pool.outWidth, pool.filterWidth, pool.strideWidth, padInfo.left),
  ];
};

function shares(size: number, positions: number, window: number, stride: number, before: number): number[] {
  return Array.from({ length: positions }, (_, i) => {
    const from = i * stride - before;
    return (Math.min(size, from + window) - Math.max(0, from)) / window;
  });
}
