import { describe, expect, it } from "vitest";
import { gpuOfTask, neighboursOf } from "../../src/job/neighbours.js";

describe("gpuOfTask", () => {
  const gpu = (visible: string, localRank: number, localSize: number) =>
    gpuOfTask({ localRank, localSize }, { CUDA_VISIBLE_DEVICES: visible });

  it("shares out what all tasks of a node see, and leaves a task its own", () => {
    expect([0, 1, 2].map((localRank) => gpu("2,3", localRank, 3))).toEqual(["2", "3", "2"]);
    expect(gpu("1", 1, 2)).toBeUndefined();
    expect(gpu("0,1", 0, 1)).toBeUndefined();
  });
});

describe("neighboursOf", () => {
  const seat = (host: string, ...cpus: number[]) => ({ host, cpus });

  it("shares the cores of a host among the ranks that may run on them", () => {
    const seats = [seat("a", 0, 1, 2, 3), seat("b", 0, 1), seat("a", 0, 1, 2, 3), seat("b", 2, 3)];
    expect(neighboursOf(seats, 2)).toEqual({ localRank: 1, localSize: 2, cores: 2 });
    expect(neighboursOf(seats, 3)).toEqual({ localRank: 1, localSize: 2, cores: 2 });
  });

  it("gives each its part of the time that their control group allows, and at least a core", () => {
    const seats = [seat("a", 0, 1, 2, 3), seat("a", 4, 5, 6, 7)];
    expect(neighboursOf(seats, 0, 4).cores).toBe(2);
    expect(neighboursOf(seats, 0, 1).cores).toBe(1);
  });
});
