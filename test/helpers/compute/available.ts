import { expect } from "vitest";
import { startBackend, type ComputeBackend } from "../../../src/compute/backend.js";
import { libraries } from "../../../src/compute/blas/libraries.js";
import type { Heap } from "../../../src/compute/wasm/heap.js";

export const start = (blas: string, threads = 1): Promise<ComputeBackend> =>
  startBackend({ backend: "wasm", threads, blas });

export async function heapWith(file: string): Promise<Heap> {
  const { heap, blas } = await start(file);
  expect(blas!.file).toBe(file === "none" ? undefined : file);
  return heap!;
}

/** The libraries that load here; the tests run with each, and without any. */
export const available: string[] = ["none"];
for (const { files } of libraries) {
  for (const file of files) {
    const { blas } = await start(file);
    if (blas!.name !== undefined) {
      available.push(file);
      break;
    }
  }
}
