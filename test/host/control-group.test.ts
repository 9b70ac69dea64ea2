import { spawnSync } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readControlGroup } from "../../src/host/control-group.js";
import { coresWithin, usableCores } from "../../src/host/cores.js";
import { temporaryFolder } from "../helpers/apts.js";
import { importBuilt } from "../helpers/launcher/launcher.js";

/** A folder with these files, as proc and sys of a machine. */
function machine(files: Record<string, string>): string {
  const root = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

const bounds = (root: string) => {
  const { cpus, memory, processes, memoryKills } = readControlGroup(root);
  return { cpus: cpus?.value, memory: memory?.value, processes: processes?.value, memoryKills };
};

describe("readControlGroup", () => {
  it("version 2: takes the smallest bound along the way, and says which file sets it", () => {
    const root = machine({
      "proc/self/cgroup": "0::/kubepods.slice/pod1/c1\n",
      "proc/self/mountinfo":
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n22 1 8:1 / / rw - ext4 /dev/sda rw\n",
      "sys/fs/cgroup/kubepods.slice/cpu.max": "max 100000\n",
      "sys/fs/cgroup/kubepods.slice/memory.max": "8589934592\n",
      "sys/fs/cgroup/kubepods.slice/pod1/cpu.max": "50000 100000\n",
      "sys/fs/cgroup/kubepods.slice/pod1/pids.max": "200\n",
      "sys/fs/cgroup/kubepods.slice/pod1/c1/cpu.max": "400000 100000\n",
      "sys/fs/cgroup/kubepods.slice/pod1/c1/memory.max": "max\n",
      "sys/fs/cgroup/kubepods.slice/pod1/c1/pids.max": "max\n",
      "sys/fs/cgroup/kubepods.slice/pod1/c1/memory.events": "low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\n",
      "sys/fs/cgroup/kubepods.slice/pod1/memory.events": "low 0\nhigh 0\nmax 7\noom 2\noom_kill 9\n",
    });
    expect(bounds(root)).toEqual({ cpus: 0.5, memory: 2 ** 33, processes: 200, memoryKills: 3 });
    expect(readControlGroup(root).cpus!.file).toBe(join(root, "sys/fs/cgroup/kubepods.slice/pod1/cpu.max"));
  });

  it("version 2 in a container, which sees its own group as the root of all", () => {
    const files = { "sys/fs/cgroup/cpu.max": "150000 100000\n", "sys/fs/cgroup/memory.max": "1048576\n" };
    const own = (root: string, path: string) =>
      machine({
        ...files,
        "proc/self/cgroup": `0::${path}\n`,
        "proc/self/mountinfo": `30 23 0:26 ${root} /sys/fs/cgroup ro - cgroup2 cgroup rw\n`,
      });
    const expected = { cpus: 1.5, memory: 2 ** 20, processes: undefined, memoryKills: undefined };
    expect(bounds(own("/", "/"))).toEqual(expected);
    expect(bounds(own("/docker/1f", "/docker/1f"))).toEqual(expected);
    expect(bounds(own("/../../docker/1f", "/"))).toEqual(expected);
    expect(bounds(own("/", "/docker/1f"))).toEqual(expected);
  });

  it("version 1: each controller in its own place, nested too", () => {
    const mounts = ["cpu,cpuacct", "memory", "pids"].map(
      (name, i) => `3${i} 25 0:3${i} / /sys/fs/cgroup/${name} rw - cgroup cgroup rw,${name}`,
    );
    const group = (name: string, path: string, file: string) => `sys/fs/cgroup/${name}${path}/${file}`;
    const root = machine({
      "proc/self/cgroup":
        "9:name=systemd:/x\n4:memory:/slurm/job_1/step_0\n3:pids:/slurm\n2:cpu,cpuacct:/slurm/job_1\n",
      "proc/self/mountinfo": mounts.join("\n"),
      [group("cpu,cpuacct", "", "cpu.cfs_quota_us")]: "-1\n",
      [group("cpu,cpuacct", "", "cpu.cfs_period_us")]: "100000\n",
      [group("cpu,cpuacct", "/slurm/job_1", "cpu.cfs_quota_us")]: "300000\n",
      [group("cpu,cpuacct", "/slurm/job_1", "cpu.cfs_period_us")]: "50000\n",
      [group("memory", "", "memory.limit_in_bytes")]: "9223372036854771712\n",
      [group("memory", "/slurm/job_1", "memory.limit_in_bytes")]: "4294967296\n",
      [group("memory", "/slurm/job_1/step_0", "memory.limit_in_bytes")]: "9223372036854771712\n",
      [group("memory", "/slurm/job_1/step_0", "memory.oom_control")]:
        "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
      [group("pids", "/slurm", "pids.max")]: "max\n",
    });
    expect(bounds(root)).toEqual({ cpus: 6, memory: 2 ** 32, processes: undefined, memoryKills: 1 });
  });

  it("finds no bound where there is no control group, nor Linux", () => {
    const none = { cpus: undefined, memory: undefined, processes: undefined, memoryKills: undefined };
    expect(bounds(machine({}))).toEqual(none);
    expect(bounds(machine({ "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": "" }))).toEqual(none);
  });
});

it("less than two cores are one core", () => {
  expect([0.5, 1, 1.9, 2, 7.5, undefined].map((quota) => coresWithin(4, quota))).toEqual([1, 1, 1, 2, 4, 4]);
  expect(usableCores({ value: 0.5, file: "" })).toBe(1);
  expect(usableCores({ value: 1000, file: "" })).toBe(availableParallelism());
});

/** A control group of this machine with a quota of CPU time; undefined where it cannot have one. */
function groupWithQuota(quota: number): { file: string; remove: () => void } | undefined {
  const name = `apts-test-${process.pid}`;
  const ways = [
    { parent: "/sys/fs/cgroup", settings: { "cpu.max": `${quota * 100_000} 100000` } },
    {
      parent: "/sys/fs/cgroup/cpu",
      settings: { "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": String(quota * 100_000) },
    },
  ];
  for (const { parent, settings } of ways) {
    const folder = join(parent, name);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    const remove = (): void => {
      try {
        rmdirSync(folder);
      } catch {
        // a folder of tmpfs with files in it: not a control group
      }
    };
    try {
      for (const [file, text] of Object.entries(settings))
        writeFileSync(join(folder, file), text, { flag: "r+" });
      return { file: join(folder, "cgroup.procs"), remove };
    } catch {
      remove();
    }
  }
  return undefined;
}

const group = groupWithQuota(0.5);
group?.remove();
if (!group) console.warn("Skipped: a real control group (this machine lets nobody make one).");

it.skipIf(!group)("a process in half a core's control group counts one core, and one rank", async () => {
  await importBuilt("launcher/launch.ts"); // the built files are those of the sources
  const { file, remove } = groupWithQuota(0.5)!;
  const within = (...command: string[]): string => {
    const { stdout, stderr } = spawnSync("sh", ["-c", `echo $$ > ${file} && exec "$@"`, "sh", ...command], {
      encoding: "utf8",
    });
    return stdout || stderr;
  };
  try {
    const cores = `import("./dist/src/host/cores.js").then(({ usableCores }) => console.log(usableCores()))`;
    expect(within(process.execPath, "-e", cores)).toBe("1\n");
    const launch = [
      process.execPath,
      "dist/launcher/cli.js",
      "--",
      "sh",
      "-c",
      "echo $APTS_SIZE $APTS_CORES",
    ];
    expect(within(...launch)).toBe("1 1\n");
    const info = within(process.execPath, "dist/src/cli/main.js", "info", "--backend", "cpu");
    expect(info).toMatch(/^host .*: 1 core.*; ranks by default: 1 \(one a core\)$/m);
    if (availableParallelism() > 1) expect(info).toMatch(/allows the time of 0\.5 of \d+/);
  } finally {
    remove();
  }
});
