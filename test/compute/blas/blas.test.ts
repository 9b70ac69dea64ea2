import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { expectClose } from "../../helpers/compute/compare.js";
import { available, heapWith, start } from "../../helpers/compute/available.js";
import { cases, multiply, type Case } from "../../helpers/compute/product.js";

describe.each(available)("the matrix product of %s", (file) => {
  it("is right for all shapes, transposes and strides, and touches nothing beyond", async () => {
    const heap = await heapWith(file);
    fc.assert(
      fc.property(cases, (example) => {
        const { result, expected } = multiply(heap, example);
        expectClose(result, expected);
      }),
      { numRuns: 200 },
    );
  });

  it("finds the heap after it has grown", async () => {
    const heap = await heapWith(file);
    const example: Case = {
      m: 9,
      n: 7,
      k: 5,
      transposeA: true,
      transposeB: false,
      add: true,
      slack: 1,
      seed: 3,
    };
    const before = multiply(heap, example);
    const size = heap.size;
    const block = heap.allocate(size);
    expect(heap.size).toBeGreaterThan(size);
    const after = multiply(heap, example);
    heap.free(block);
    expectClose(after.result, after.expected);
    expect(after.result).toEqual(before.result);
  });

  it("gives the same bits wherever its operands lie", async () => {
    const heap = await heapWith(file);
    const example: Case = {
      m: 65,
      n: 33,
      k: 301,
      transposeA: true,
      transposeB: false,
      add: false,
      slack: 0,
      seed: 4,
    };
    const { result } = multiply(heap, example);
    const blocks = [20, 36, 52, 4].map((bytes) => {
      const block = heap.allocate(bytes);
      expect(multiply(heap, example).result).toEqual(result);
      return block;
    });
    for (const block of blocks) heap.free(block);
  });

  it("computes with two threads, and says so in the fingerprint", async () => {
    const one = await start(file, 1);
    const two = await start(file, 2);
    expect(two.threads).toBe(file === "none" ? 1 : 2);
    expect(two.fingerprint === one.fingerprint).toBe(file === "none");
    fc.assert(
      fc.property(cases, (example) => {
        const { result, expected } = multiply(two.heap!, example);
        expectClose(result, expected);
      }),
      { numRuns: 30 },
    );
  });
});

describe("choosing a BLAS", () => {
  afterEach(() => {
    delete process.env["APTS_BLAS"];
  });

  it("falls back to the own product where the named library is missing, and says why", async () => {
    const { blas, heap, threads } = await start("libnothing-of-this-name.so", 2);
    expect(blas).toMatchObject({ name: undefined, rejected: [{ library: "libnothing-of-this-name.so" }] });
    expect(blas!.rejected[0]!.reason).toMatch(/cannot open shared object file/);
    expect(threads).toBe(1);
    const { result, expected } = multiply(heap!, {
      m: 3,
      n: 3,
      k: 3,
      transposeA: false,
      transposeB: false,
      add: false,
      slack: 0,
      seed: 1,
    });
    expectClose(result, expected);
  });

  it("falls back where the file is no library, or no BLAS", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "apts-blas-"));
    const file = path.join(folder, "libbroken.so");
    await writeFile(file, "not a library");
    expect((await start(file)).blas).toMatchObject({ name: undefined, rejected: [{ library: file }] });
    const { blas } = await start("libc.so.6");
    expect(blas!.rejected[0]!.reason).toMatch(/exports none of dnnl_sgemm/);
    await rm(folder, { recursive: true });
  });

  it("takes APTS_BLAS where auto is asked for, and only there", async () => {
    process.env["APTS_BLAS"] = "none";
    expect((await start("auto")).blas).toEqual({ name: undefined, file: undefined, rejected: [] });
    process.env["APTS_BLAS"] = "libnothing.so";
    expect((await start("none")).blas!.rejected).toEqual([]);
    expect((await start("auto")).blas!.rejected).toMatchObject([{ library: "libnothing.so" }]);
  });
});
