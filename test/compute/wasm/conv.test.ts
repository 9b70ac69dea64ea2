import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { expectSame, on, randomTensor, seeds, sizes } from "../../helpers/compute/compare.js";

type Image = tf.Tensor4D;

const image = (shape: number[], seed: number) => randomTensor(shape, seed) as Image;

const pads = fc.constantFrom<"same" | "valid" | number>("same", "valid", 0, 1, 2);
const strides = fc.tuple(sizes(3), sizes(3));

const convolutions = fc
  .record({
    batch: sizes(3),
    size: fc.tuple(sizes(9), sizes(9)),
    filter: fc.tuple(sizes(4), sizes(4)),
    channels: fc.constantFrom(1, 3, 4, 9),
    outChannels: fc.constantFrom(1, 5, 8),
    strides,
    pad: pads,
    seed: seeds,
  })
  .filter(({ size, filter, pad, strides }) => {
    if (pad === "same") return true;
    if (pad === "valid") return size[0] >= filter[0] && size[1] >= filter[1];
    // TensorFlow.js takes the height's filter and stride for the width too where the padding is a number, and refuses
    // padding that is not a whole number of strides.
    const square = filter[0] === filter[1] && strides[0] === strides[1];
    const fits = (n: number) =>
      n + 2 * pad >= filter[0] && Number.isInteger((n + 2 * pad - filter[0]) / strides[0]);
    return square && fits(size[0]) && fits(size[1]);
  });

describe("convolutions on WebAssembly", () => {
  it("agree with plain JavaScript, both gradients too, for all shapes, strides and paddings", async () => {
    await fc.assert(
      fc.asyncProperty(
        convolutions,
        async ({ batch, size, filter, channels, outChannels, strides, pad, seed }) => {
          await expectSame(() => {
            const x = image([batch, ...size, channels], seed);
            const w = image([...filter, channels, outChannels], seed + 1);
            const y = tf.conv2d(x, w, strides, pad);
            const dy = image(y.shape, seed + 2);
            const [dx, dw] = tf.grads((a: tf.Tensor, b: tf.Tensor) =>
              tf.conv2d(a as Image, b as Image, strides, pad),
            )([x, w], dy);
            return [y, dx!, dw!];
          }, 2e-5);
        },
      ),
      { numRuns: 120 },
    );
  });

  it("agree for dilated filters", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          size: fc.integer({ min: 7, max: 12 }),
          filter: sizes(3),
          channels: sizes(5),
          dilation: fc.tuple(sizes(3), sizes(3)),
          pad: fc.constantFrom<"same" | "valid">("same", "valid"),
          seed: seeds,
        }),
        async ({ size, filter, channels, dilation, pad, seed }) => {
          await expectSame(() =>
            tf.conv2d(
              image([2, size, size, channels], seed),
              image([filter, filter, channels, 3], seed + 1),
              1,
              pad,
              "NHWC",
              dilation,
            ),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("agree over several blocks of columns", async () => {
    await expectSame(() => {
      const x = image([3, 20, 20, 70], 1);
      const w = image([3, 3, 70, 6], 2);
      const [dx, dw] = tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.conv2d(a as Image, b as Image, 1, "same"))(
        [x, w],
      );
      return [tf.conv2d(x, w, 1, "same"), dx!, dw!];
    }, 1e-4);
  });

  it("agree with bias and activation", async () => {
    const activation = fc.constantFrom("linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu");
    await fc.assert(
      fc.asyncProperty(activation, fc.boolean(), seeds, async (name, biased, seed) => {
        await expectSame(() =>
          tf.fused.conv2d({
            x: image([2, 6, 5, 3], seed),
            filter: image([3, 2, 3, 7], seed + 1),
            strides: 1,
            pad: "same",
            ...(biased ? { bias: randomTensor([7], seed + 2) } : {}),
            activation: name,
            ...(name === "prelu" ? { preluActivationWeights: randomTensor([7], seed + 3) } : {}),
            leakyreluAlpha: 0.2,
          }),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("take empty batches", async () => {
    const [y, dw] = await on("wasm", () => {
      const x = tf.zeros<tf.Rank.R4>([0, 4, 4, 2]);
      const w = tf.ones<tf.Rank.R4>([3, 3, 2, 3]);
      const gradient = tf.grad((f: tf.Tensor) => tf.conv2d(x, f as Image, 1, "same"))(w);
      return [tf.conv2d(x, w, 1, "same"), gradient];
    });
    expect(y!.length).toBe(0);
    expect(new Set(dw)).toEqual(new Set([0]));
  });
});

describe("depthwise convolutions on WebAssembly", () => {
  it("agree with plain JavaScript, both gradients too", async () => {
    await fc.assert(
      fc.asyncProperty(
        convolutions,
        sizes(3),
        fc.constantFrom(0, 16, 32),
        async ({ batch, size, filter, channels: few, strides, pad, seed }, multiplier, more) => {
          const channels = few + more;
          await expectSame(() => {
            const x = image([batch, ...size, channels], seed);
            const w = image([...filter, channels, multiplier], seed + 1);
            const convolve = (a: tf.Tensor, b: tf.Tensor) =>
              tf.depthwiseConv2d(a as Image, b as Image, strides, pad);
            const y = convolve(x, w);
            const [dx, dw] = tf.grads(convolve)([x, w], image(y.shape, seed + 2));
            return [y, dx!, dw!];
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("pooling gradients on WebAssembly", () => {
  it("agree with plain JavaScript", async () => {
    await fc.assert(
      fc.asyncProperty(
        convolutions,
        fc.boolean(),
        async ({ batch, size, filter, channels, strides, pad, seed }, largest) => {
          if (typeof pad === "number" && pad >= Math.min(...filter)) return;
          // Over the edge, plain JavaScript's gradient of the mean does not belong to its mean.
          if (!largest && pad !== "valid" && pad !== 0) return;
          await expectSame(() => {
            const x = image([batch, ...size, channels], seed);
            const pool = (a: tf.Tensor) =>
              (largest ? tf.maxPool : tf.avgPool)(a as Image, filter, strides, pad);
            const y = pool(x);
            return [y, tf.grad(pool)(x, image(y.shape, seed + 1))];
          });
        },
      ),
      { numRuns: 80 },
    );
  });

  it("survive windows of nothing but NaN", async () => {
    const [dx] = await on("wasm", () =>
      tf.grad((x: tf.Tensor) => tf.maxPool(x as Image, 2, 2, "valid"))(tf.fill([1, 4, 4, 3], NaN)),
    );
    expect(dx!.length).toBe(48);
  });
});
