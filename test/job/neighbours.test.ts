import { describe, expect, it } from "vitest";
import { gpuOfTask } from "../../src/job/neighbours.js";

describe("gpuOfTask", () => {
  const gpu = (visible: string, localRank: number, localSize: number) =>
    gpuOfTask({ localRank, localSize }, { CUDA_VISIBLE_DEVICES: visible });

  it("shares out what all tasks of a node see, and leaves a task its own", () => {
    expect([0, 1, 2].map((localRank) => gpu("2,3", localRank, 3))).toEqual(["2", "3", "2"]);
    expect(gpu("1", 1, 2)).toBeUndefined();
    expect(gpu("0,1", 0, 1)).toBeUndefined();
  });
});
