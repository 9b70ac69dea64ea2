import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** How long this process's SLURM job may still run, in seconds; undefined where it is in none, or has no limit. */
export async function secondsLeft(variables: NodeJS.ProcessEnv): Promise<number | undefined> {
  const job = variables["SLURM_JOB_ID"];
  if (job === undefined) return undefined;
  const { stdout } = await promisify(execFile)("squeue", [
    "--noheader",
    "--jobs",
    job,
    "--format",
    "%L",
  ]).catch(
    () => ({ stdout: "" }), // without squeue there is no warning of the limit, only SLURM's SIGTERM
  );
  return parseTimeLeft(stdout.trim());
}

/** "1-02:03:04", "2:03:04" or "3:04" in seconds; undefined for "UNLIMITED" and the like. */
export function parseTimeLeft(text: string): number | undefined {
  const [, days = "0", hours = "0", minutes, seconds] =
    /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$/.exec(text) ?? [];
  if (minutes === undefined) return undefined;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}
