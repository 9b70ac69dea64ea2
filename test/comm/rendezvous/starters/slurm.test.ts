import { describe, expect, it } from "vitest";
import { expandNodelist } from "../../../../src/comm/rendezvous/slurm/nodelist.js";
import { slurmTask } from "../../../../src/comm/rendezvous/slurm/task.js";

const step = {
  SLURM_CLUSTER_NAME: "bed",
  SLURM_JOB_ID: "12",
  SLURM_STEP_ID: "3",
  SLURM_STEP_NUM_TASKS: "5",
  SLURM_STEP_NODELIST: "gpu[07-08,11]",
  SLURM_STEP_TASKS_PER_NODE: "2(x2),1",
  SLURM_PROCID: "3",
  SLURM_LOCALID: "1",
  SLURM_NODEID: "1",
};

describe("slurmTask", () => {
  it("reads a task's place", () => {
    expect(slurmTask(step)).toEqual({
      rank: 3,
      size: 5,
      localRank: 1,
      localSize: 2,
      step: "bed.12.3.0",
      firstNode: "gpu07",
    });
    expect(slurmTask({ ...step, SLURM_NODEID: "2" })?.localSize).toBe(1);
  });

  it("names every start of a step differently", () => {
    expect(slurmTask({ ...step, SLURM_RESTART_COUNT: "2" })?.step).toBe("bed.12.3.2");
  });

  it("needs no network where all tasks are on one node", () => {
    const single = {
      ...step,
      SLURM_STEP_NODELIST: "gpu07",
      SLURM_STEP_TASKS_PER_NODE: "5",
      SLURM_NODEID: "0",
    };
    expect(slurmTask(single)).toMatchObject({ firstNode: undefined, localSize: 5 });
  });

  it("takes neither a batch script nor a step of one for a task", () => {
    expect(slurmTask({})).toBeUndefined();
    expect(slurmTask({ ...step, SLURM_STEP_ID: undefined })).toBeUndefined();
    expect(slurmTask({ ...step, SLURM_STEP_NUM_TASKS: "1" })).toBeUndefined();
  });

  it("says what it cannot work with", () => {
    expect(() => slurmTask({ ...step, SLURM_PROCID: "0" })).toThrow(
      /task 0 .* on its first node, gpu07, found it on gpu08/,
    );
    expect(() => slurmTask({ ...step, SLURM_LOCALID: undefined })).toThrow(/Expected SLURM_LOCALID/);
  });
});

describe("expandNodelist", () => {
  it.each([
    ["n1", ["n1"]],
    ["a,b", ["a", "b"]],
    ["gpu[01-03,7],login", ["gpu01", "gpu02", "gpu03", "gpu7", "login"]],
    ["r[1-2]n[09-10]x", ["r1n09x", "r1n10x", "r2n09x", "r2n10x"]],
  ])("%s", (list, names) => {
    expect(expandNodelist(list)).toEqual(names);
  });

  it("refuses what is no list", () => {
    expect(() => expandNodelist("n[1-2")).toThrow('Expected a SLURM node list, got "n[1-2".');
  });
});
