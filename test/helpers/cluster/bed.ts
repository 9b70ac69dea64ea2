import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, it } from "vitest";

/** A program for hosts of the bed, beside this file. */
export const fixture = (name: string): string => join(import.meta.dirname, name);

/** What a command inside the bed did. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Real hosts on this machine: see bed.sh. They share its files, and its /proc shows their processes. */
export interface Bed {
  /** Starts a command on "login" or on n1, n2, …, in the project's folder. */
  start(
    host: string,
    command: readonly string[],
    environment?: Record<string, string>,
  ): ChildProcessWithoutNullStreams;
  run(host: string, command: readonly string[], environment?: Record<string, string>): Promise<Outcome>;
  /** Takes a host off the network, or puts it back. */
  link(host: string, state: "up" | "down"): Promise<void>;
  close(): Promise<void>;
}

/** Tests on a bed of their own; where the machine cannot have one, they are skipped, and it is said why. */
export async function describeOnHosts(
  name: string,
  options: BedOptions,
  tests: (bed: Bed) => void,
): Promise<void> {
  const bed = await startBed(options);
  if (typeof bed === "string") {
    console.warn(`Skipped: ${name}: ${bed}.`);
    describe.skip(`${name} (${bed})`, () => {
      it("needs real hosts", () => undefined);
    });
    return;
  }
  describe(name, () => {
    afterAll(() => bed.close());
    tests(bed);
  });
}

export interface BedOptions {
  /** How many beside "login". */
  readonly hosts: number;
  /** Fake GPUs of each, for SLURM to hand out. */
  readonly gpus?: number;
  readonly slurm?: boolean;
}

/** Starts a bed; where the machine cannot have one, says why. */
async function startBed(options: BedOptions): Promise<Bed | string> {
  if (process.platform !== "linux") return "it needs Linux";
  const { hosts, gpus = 0, slurm = false } = options;
  const bed = spawn("bash", [join(import.meta.dirname, "bed.sh")], {
    env: { ...process.env, HOSTS: String(hosts), GPUS: String(gpus), SLURM: slurm ? "1" : "" },
  });
  const reason = text(bed.stderr);
  const ended = once(bed, "exit");
  const ready = once(bed.stdout, "data");
  if ((await Promise.race([ready.then(() => "ready"), ended])) !== "ready") return (await reason).trim();
  const first = readFileSync(`/proc/${bed.pid!}/task/${bed.pid!}/children`, "utf8").trim();

  const start: Bed["start"] = (host, command, environment = {}) => {
    const enter = ["-t", first, "-m", "-u", "-i", "-n", "-p", `-w${process.cwd()}`, "--"];
    const on = host === "login" ? [] : ["/run/bed/on", host];
    const slurmConf = slurm ? { SLURM_CONF: "/run/bed/slurm/slurm.conf" } : {};
    return spawn("nsenter", [...enter, ...on, ...command], {
      env: { ...process.env, ...slurmConf, ...environment },
    });
  };
  const run: Bed["run"] = async (...args) => {
    const child = start(...args);
    child.stdin.end();
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit") as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  };
  return {
    start,
    run,
    async link(host, state) {
      await run("login", ["ip", "link", "set", host.replace("n", "v"), state]);
    },
    async close() {
      bed.kill("SIGKILL");
      await ended;
    },
  };
}
