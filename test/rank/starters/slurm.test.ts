import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { expandNodelist } from "../../../src/rank/starters/nodelist.js";
import { slurm } from "../../../src/rank/starters/slurm.js";

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

describe("slurm", () => {
  it("reads a task's place", () => {
    expect(slurm(step)).toEqual({
      starter: "SLURM",
      rank: 3,
      size: 5,
      localRank: 1,
      localSize: 2,
      job: "bed.12.3.0",
      place: { kind: "address", hosts: ["gpu07"], munge: true },
    });
    expect(slurm({ ...step, SLURM_NODEID: "2" })?.localSize).toBe(1);
  });

  it("names every start of a step differently", () => {
    expect(slurm({ ...step, SLURM_RESTART_COUNT: "2" })?.job).toBe("bed.12.3.2");
  });

  it("needs no network where all tasks are on one node", () => {
    const single = {
      ...step,
      SLURM_STEP_NODELIST: "gpu07",
      SLURM_STEP_TASKS_PER_NODE: "5",
      SLURM_NODEID: "0",
    };
    expect(slurm(single)).toMatchObject({ place: { kind: "address", hosts: ["127.0.0.1"] }, localSize: 5 });
  });

  it("takes neither a batch script nor a step of one for a task", () => {
    expect(slurm({})).toBeUndefined();
    expect(slurm({ ...step, SLURM_STEP_ID: undefined })).toBeUndefined();
    expect(slurm({ ...step, SLURM_STEP_NUM_TASKS: "1" })).toBeUndefined();
  });

  describe("in an interactive step", () => {
    const pty = { ...step, SLURM_PTY_PORT: "40000" };
    /** What this task is where SLURM has started `command`, below which the process runs. */
    const below = async (...command: string[]) => {
      const task = spawn(command[0]!, command.slice(1), { stdio: ["pipe", "ignore", "ignore"] });
      await once(task, "spawn");
      try {
        return slurm({ ...pty, SLURM_TASK_PID: String(task.pid!) });
      } finally {
        task.kill("SIGKILL");
      }
    };

    it("takes a shell that somebody types into for an ordinary process, a script or apts itself for a rank", async () => {
      expect(await below("bash")).toBeUndefined();
      expect(await below("/bin/bash", "-l")).toBeUndefined();
      expect(await below("bash", "-c", "read line; true")).toMatchObject({ rank: 3 });
      expect(await below("sleep", "60")).toMatchObject({ rank: 3 });
      expect(slurm({ ...pty, SLURM_TASK_PID: String(process.pid) })).toMatchObject({ rank: 3 });
    });

    it("says what to do where it cannot tell", () => {
      expect(() => slurm(pty)).toThrow(/interactive SLURM step of 5 tasks.*srun --overlap -n 5 apts train/);
    });
  });

  it("says what it cannot work with", () => {
    expect(() => slurm({ ...step, SLURM_PROCID: "0" })).toThrow(
      /task 0 .* on its first node, gpu07, found it on gpu08/,
    );
    expect(() => slurm({ ...step, SLURM_LOCALID: undefined })).toThrow(/Expected SLURM_LOCALID/);
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
