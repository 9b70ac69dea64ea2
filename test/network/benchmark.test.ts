import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.js";
import { benchmarkCompute, type ComputeBenchmarkOptions } from "../../src/network/benchmark.js";

const options: ComputeBenchmarkOptions = {
  backend: "wasm",
  blas: "none",
  threads: 1,
  model: "fcnn",
  batch: 500,
  chunk: 250,
  rounds: 2,
  profile: true,
};

describe("benchmarkCompute", () => {
  it("measures loss and gradient, and names the kernels that took the time", async () => {
    const result = await benchmarkCompute(options);
    expect(result).toMatchObject({
      backend: "wasm",
      model: "fcnn",
      parameters: 26_506,
      batch: 500,
      chunk: 250,
    });
    expect(result.lossMilliseconds).toBeGreaterThan(0);
    expect(result.gradientMilliseconds).toBeGreaterThan(result.lossMilliseconds / 10);
    // Forward, by the weights, and by the inputs of all layers but the first, for all samples.
    const flops = 2 * 500 * (3 * (784 * 32 + 32 * 32 + 32 * 10) - 784 * 32);
    expect(result.gflops! * result.gradientMilliseconds * 1e6).toBeCloseTo(flops, -3);
    expect(result.share).toBeCloseTo(result.gflops! / result.peakGflops);
    const kernels = result.profile!.map(({ kernel }) => kernel);
    expect(kernels).toContain("product");
    expect(kernels).toContain("sparseCrossEntropy");
    expect(result.profile!.every(({ calls, milliseconds }) => calls > 0 && milliseconds >= 0)).toBe(true);
  });

  it("leaves the kernels as they were", async () => {
    const profiled = await benchmarkCompute(options);
    const plain = await benchmarkCompute({ ...options, profile: false });
    expect(plain.profile).toBeUndefined();
    expect(plain.gflops).toBeGreaterThan(profiled.gflops! / 100);
  });

  it("measures the plain backend too, by the kernels of TensorFlow.js", async () => {
    const result = await benchmarkCompute({ ...options, backend: "cpu", batch: 20, chunk: 20 });
    expect(result.gflops).toBeUndefined();
    expect(result.heapBytes).toBeUndefined();
    expect(result.profile!.map(({ kernel }) => kernel)).toContain("BatchMatMul");
  });

  it("refuses an empty batch", async () => {
    await expect(benchmarkCompute({ ...options, batch: 0 })).rejects.toThrow(UsageError);
  });
});
