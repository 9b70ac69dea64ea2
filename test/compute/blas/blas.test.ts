import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { startBackend } from "../../../src/compute/backend.js";
import { libraries } from "../../../src/compute/blas/libraries.js";
import type { Heap } from "../../../src/compute/wasm/heap.js";
import { expectClose, randomValues, seeds, sizes } from "../wasm/compare.js";

const start = (blas: string, threads = 1) => startBackend({ backend: "wasm", threads, blas });

async function heapWith(file: string): Promise<Heap> {
  const { heap, blas } = await start(file);
  expect(blas!.file).toBe(file === "none" ? undefined : file);
  return heap!;
}

/** The libraries that load here; the tests run with each, and without any. */
const available: string[] = ["none"];
for (const { files } of libraries) {
  for (const file of files) {
    const { blas } = await start(file);
    if (blas!.name !== undefined) {
      available.push(file);
      break;
    }
  }
}

interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly add: boolean;
  /** Floats between rows beyond their length. */
  readonly slack: number;
  readonly seed: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  m: sizes(40),
  n: sizes(40),
  k: fc.oneof(fc.constant(0), sizes(300)),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  add: fc.boolean(),
  slack: fc.integer({ min: 0, max: 3 }),
  seed: seeds,
});

/** Computes the product of a case on the heap and beside it, in double precision. */
function multiply(heap: Heap, { m, n, k, transposeA, transposeB, add, slack, seed }: Case) {
  const [rowsA, columnsA] = transposeA ? [k, m] : [m, k];
  const [rowsB, columnsB] = transposeB ? [n, k] : [k, n];
  const strides = [columnsA + slack, columnsB + slack, n + slack] as const;
  const sizes = [rowsA * strides[0], rowsB * strides[1], m * strides[2]] as const;
  const addresses = sizes.map((size) => heap.allocate(4 * size + 16));
  const values = sizes.map((size, i) => randomValues(size, seed + i));
  values.forEach((x, i) => {
    heap.floats(addresses[i]!, x.length).set(x);
  });
  const [a, b, c] = addresses as [number, number, number];
  heap.multiply(
    { m, n, k },
    { at: a, stride: strides[0], transposed: transposeA },
    { at: b, stride: strides[1], transposed: transposeB },
    { at: c, stride: strides[2] },
    add,
  );
  const [A, B, C] = values as [Float32Array, Float32Array, Float32Array];
  const expected = C.slice();
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = add ? C[i * strides[2] + j]! : 0;
      for (let p = 0; p < k; p++) {
        const x = A[transposeA ? p * strides[0] + i : i * strides[0] + p]!;
        sum += x * B[transposeB ? j * strides[1] + p : p * strides[1] + j]!;
      }
      expected[i * strides[2] + j] = sum;
    }
  }
  const result = heap.floats(c, C.length).slice();
  for (const address of addresses) heap.free(address);
  return { result, expected };
}

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
