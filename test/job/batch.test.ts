import { describe, expect, it } from "vitest";
import { arrayScript, jobScript, ranksOf, submitOptions } from "../../src/job/batch.js";
import { resolveOptions } from "../../src/config/resolve.js";

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

  it("is one for an array of runs, some at a time", () => {
    const job = resolveOptions(submitOptions, []);
    const folders = ["out/a", "out/it's b"];
    const script = arrayScript(["apts", "train"], ["update", "my out"], folders, job, "out/slurm.log", 3);
    const lines = script.split("\n");
    expect(lines).toContain("#SBATCH --array=0-1%3");
    expect(lines.slice(-12, -1)).toEqual([
      "runs=(",
      "  out/a",
      String.raw`  'out/it'\''s b'`,
      ")",
      "run=${runs[$SLURM_ARRAY_TASK_ID]}",
      'exec >>"$run.log" 2>&1',
      'srun --kill-on-bad-exit=1 apts train --config "$run.json" --out "$run" --auto-resume',
      "code=$?",
      'echo "apts train has ended with exit code $code"',
      "update 'my out'",
      "exit $code",
    ]);
  });

  it("goes back to the queue where it may", () => {
    const { text } = script({ requeue: true, ranksPerNode: 2, coresPerRank: 3 });
    expect(text).toContain("#SBATCH --requeue\n");
    expect(text).toContain("export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK\n");
    expect(text).toContain('if [ $code = 143 ]; then scontrol requeue "$SLURM_JOB_ID"; fi');
  });
});
