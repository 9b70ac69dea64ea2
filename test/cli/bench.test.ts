import { describe, expect, it } from "vitest";
import type { CommunicationTiming } from "../../src/comm/benchmark.js";
import type { StepBenchmark } from "../../src/run/step-benchmark.js";
import { runApts } from "../helpers/apts.js";

const bench = (...more: string[]) =>
  runApts(["bench", "comm", "--ranks", "3", "--sizes", "1024,65536", "--seconds", "0.01", ...more]);

const OPERATIONS = ["broadcast", "allgather", "reduceScatter", "reduce", "allreduce"];

describe("apts bench comm", () => {
  it("prints median, minimum and GB/s of each operation and size", async () => {
    const { code, stdout } = await bench();
    expect(code).toBe(0);
    const [head, ...rows] = stdout.split("\n").flatMap((line) => {
      const cells = line.split("│").map((cell) => cell.trim());
      return cells.length > 1 ? [cells.slice(1, -1)] : [];
    });
    expect(head).toEqual(["operation", "bytes", "median ms", "minimum ms", "GB/s"]);
    const sized = rows.filter(([, bytes]) => bytes !== "0");
    for (const operation of OPERATIONS)
      expect(sized.filter(([name]) => name === operation).map(([, bytes]) => bytes)).toEqual([
        "1024",
        "65536",
      ]);
    for (const [, , median, minimum, rate] of sized) {
      expect(Number(minimum)).toBeGreaterThan(0);
      expect(Number(median)).toBeGreaterThanOrEqual(Number(minimum));
      expect(Number(rate)).toBeGreaterThanOrEqual(0);
    }
  }, 300_000);

  it("prints JSON, also where memory is not shared", async () => {
    const { code, stdout } = await bench("--json", "--no-shared-memory", "--insecure");
    expect(code).toBe(0);
    const timings = JSON.parse(stdout) as CommunicationTiming[];
    expect(timings.find(({ operation, bytes }) => operation === "allreduce" && bytes === 65_536)).toEqual({
      operation: "allreduce",
      ranks: 3,
      bytes: 65_536,
      repetitions: expect.any(Number) as number,
      medianSeconds: expect.any(Number) as number,
      minimumSeconds: expect.any(Number) as number,
      gigabytesPerSecond: expect.any(Number) as number,
    });
  }, 300_000);
});

describe("apts bench step", () => {
  it("tells the parts of a step, of one rank and of two", async () => {
    for (const ranks of ["1", "2"]) {
      const { code, stdout } = await runApts([
        "bench",
        "step",
        "--ranks",
        ranks,
        "--batch",
        "64",
        "--steps",
        "5",
        "--blas",
        "none",
        "--json",
      ]);
      expect(code).toBe(0);
      const { medianMicroseconds, minimumMicroseconds, parts, ...rest } = JSON.parse(stdout) as StepBenchmark;
      expect(rest).toMatchObject({ ranks: Number(ranks), method: "adam", batch: 64, steps: 5, threads: 1 });
      expect(medianMicroseconds).toBeGreaterThanOrEqual(minimumMicroseconds);
      for (const part of ["gather", "products", "loss", "evaluation", "update"] as const)
        expect(parts[part]).toBeGreaterThan(0);
    }
  }, 300_000);
});
