import { describe, expect, it } from "vitest";
import { gpuOfTask, parseTimeLeft, secondsLeft } from "../../launcher/slurm.js";
import { jobScript, ranksOf, submitOptions } from "../../launcher/submit.js";
import { resolveOptions } from "../../src/config/resolve.js";

describe("gpuOfTask", () => {
  const gpu = (visible: string, localRank: number, localSize: number) =>
    gpuOfTask({ localRank, localSize }, { CUDA_VISIBLE_DEVICES: visible });

  it("shares out what all tasks of a node see, and leaves a task its own", () => {
    expect([0, 1, 2].map((localRank) => gpu("2,3", localRank, 3))).toEqual(["2", "3", "2"]);
    expect(gpu("1", 1, 2)).toBeUndefined();
    expect(gpu("0,1", 0, 1)).toBeUndefined();
  });
});

describe("the time left", () => {
  it.each([
    ["1-02:03:04", 93_784],
    ["2:03:04", 7384],
    ["3:04", 184],
    ["0:00", 0],
    ["UNLIMITED", undefined],
    ["", undefined],
  ])("%s", (text, seconds) => {
    expect(parseTimeLeft(text)).toBe(seconds);
  });

  it("is unknown outside of SLURM, and where SLURM does not answer", async () => {
    expect(await secondsLeft({})).toBeUndefined();
    expect(await secondsLeft({ SLURM_JOB_ID: "no such job" })).toBeUndefined();
  });
});

describe("jobScript", () => {
  const script = (values: Record<string, unknown>) => {
    const job = resolveOptions(submitOptions, [{ source: { kind: "program" }, values }]);
    return {
      text: jobScript(["apts", "train", "--out", "it's here"], job, "runs/100%.log"),
      ranks: ranksOf(job),
    };
  };

  it("asks for what was asked, a rank for each GPU", () => {
    const { text, ranks } = script({ nodes: 2, gpusPerNode: 4, time: "1:00:00", partition: "gpu" });
    expect(ranks).toBe(8);
    expect(text.split("\n")).toEqual([
      "#!/bin/bash",
      "#SBATCH --job-name=apts",
      "#SBATCH --nodes=2",
      "#SBATCH --ntasks-per-node=4",
      "#SBATCH --gpus-per-node=4",
      "#SBATCH --time=1:00:00",
      "#SBATCH --partition=gpu",
      "#SBATCH --output=runs/100%%.log",
      "#SBATCH --open-mode=append",
      "#SBATCH --signal=USR1@120",
      "#SBATCH --no-requeue",
      "",
      String.raw`srun --kill-on-bad-exit=1 apts train --out 'it'\''s here'`,
      "",
    ]);
  });

  it("goes back to the queue where it may", () => {
    const { text } = script({ requeue: true, ranksPerNode: 2, coresPerRank: 3 });
    expect(text).toContain("#SBATCH --requeue\n");
    expect(text).toContain("export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK\n");
    expect(text).toContain('if [ $code = 143 ]; then scontrol requeue "$SLURM_JOB_ID"; fi');
  });
});
