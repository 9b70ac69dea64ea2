import { join, posix } from "node:path";
import { textOf } from "./files.js";

/** A bound, and the file that sets it. */
export interface Limit {
  readonly value: number;
  readonly file: string;
}

/** What the control group of a process (a container's, a batch job's) allows it; undefined: as much as there is. */
export interface ControlGroup {
  /** CPU time, in CPUs: 0.5 is half the time of one. */
  readonly cpus: Limit | undefined;
  /** Bytes. */
  readonly memory: Limit | undefined;
  /** Processes and threads. */
  readonly processes: Limit | undefined;
  /** How many processes of it were killed for lack of memory so far; undefined where the kernel does not count them. */
  readonly memoryKills: number | undefined;
}

/**
 * Reads the control group of this process, in version 2 or 1 of the kernel's interface, or both side by side. Groups
 * lie in each other, and each bound holds for all below: the smallest along the way counts. (Which CPUs a group may
 * use is part of a process's affinity, which the kernel tells without all this.)
 * @param root where proc and sys are looked for
 */
export function readControlGroup(root = "/"): ControlGroup {
  const mounts = parseMounts(textOf(join(root, "proc/self/mountinfo")));
  const memberships = parseMemberships(textOf(join(root, "proc/self/cgroup")));
  const foldersOf = (controller: string, version: 1 | 2): string[] => {
    const mount = mounts.find(
      (it) => it.version === version && (version === 2 || it.options.has(controller)),
    );
    const path = memberships.find((it) =>
      version === 2 ? it.controllers.length === 0 : it.controllers.includes(controller),
    )?.path;
    return mount && path !== undefined ? foldersAlong(mount, path).map((folder) => join(root, folder)) : [];
  };
  const smallest = (controller: string, read: Record<1 | 2, ReadBound>): Limit | undefined =>
    ([2, 1] as const)
      .flatMap((version) => foldersOf(controller, version).map((folder) => read[version](folder)))
      .filter((limit) => limit !== undefined)
      .reduce<Limit | undefined>(
        (least, limit) => (least && least.value <= limit.value ? least : limit),
        undefined,
      );
  // Kills are counted in the group of who was killed.
  const counters = [
    ...foldersOf("memory", 2)
      .map((folder) => join(folder, "memory.events"))
      .slice(0, 1),
    ...foldersOf("memory", 1)
      .map((folder) => join(folder, "memory.oom_control"))
      .slice(0, 1),
  ];
  return {
    cpus: smallest("cpu", { 2: quotaOfVersion2, 1: quotaOfVersion1 }),
    memory: smallest("memory", { 2: bound("memory.max"), 1: bound("memory.limit_in_bytes") }),
    processes: smallest("pids", { 2: bound("pids.max"), 1: bound("pids.max") }),
    memoryKills: counters
      .map((file) => countIn(textOf(file), "oom_kill"))
      .find((count) => count !== undefined),
  };
}

/** The count of `name` in lines of "name count", as in memory.events and /proc/vmstat. */
export function countIn(text: string, name: string): number | undefined {
  const line = new RegExp(`^${name} (\\d+)$`, "m").exec(text);
  return line ? Number(line[1]) : undefined;
}

type ReadBound = (folder: string) => Limit | undefined;

/** "50000 100000": 50 ms in every 100 ms, half a CPU; "max 100000": no bound. */
function quotaOfVersion2(folder: string): Limit | undefined {
  const file = join(folder, "cpu.max");
  const [quota, period = "100000"] = textOf(file).trim().split(/\s+/);
  return limit(Number(quota) / Number(period), file, quota);
}

function quotaOfVersion1(folder: string): Limit | undefined {
  const file = join(folder, "cpu.cfs_quota_us");
  const quota = textOf(file).trim();
  return limit(Number(quota) / Number(textOf(join(folder, "cpu.cfs_period_us"))), file, quota);
}

/** Version 1 says "no bound" by the largest number of pages there is, as bytes. */
const UNBOUNDED = 2 ** 62;

function bound(name: string): ReadBound {
  return (folder) => {
    const file = join(folder, name);
    const text = textOf(file).trim();
    return limit(Number(text), file, text);
  };
}

function limit(value: number, file: string, text: string | undefined): Limit | undefined {
  return text && value > 0 && value < UNBOUNDED ? { value, file } : undefined;
}

interface Mount {
  readonly version: 1 | 2;
  /** The group that is seen at `point`. */
  readonly root: string;
  readonly point: string;
  /** In version 1 its controllers, among other things. */
  readonly options: ReadonlySet<string>;
}

/** "31 23 0:28 /group /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate": see proc_pid_mountinfo(5). */
function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const [, , , root, point] = before!.split(" ");
    const [type, , options = ""] = after?.split(" ") ?? [];
    if (type !== "cgroup" && type !== "cgroup2") return [];
    const version = type === "cgroup2" ? 2 : 1;
    return [
      { version, root: unescape(root!), point: unescape(point!), options: new Set(options.split(",")) },
    ];
  });
}

/** The kernel writes blanks and backslashes of paths as \040 and the like. */
function unescape(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

interface Membership {
  /** None in version 2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** "4:cpu,cpuacct:/docker/1f", "0::/user.slice": see cgroups(7). */
function parseMemberships(text: string): Membership[] {
  return text.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    return [{ controllers: controllers === "" ? [] : controllers!.split(","), path }];
  });
}

/** The folder of the group `path` and of those it lies in, as far as they are seen under `mount`; innermost first. */
function foldersAlong({ root, point }: Mount, path: string): string[] {
  const within = posix.relative(root, path);
  // A container may see its own group alone, under another name than the host's.
  const names = within.startsWith("..") ? [] : within.split("/").filter((name) => name !== "");
  return Array.from({ length: names.length + 1 }, (_, up) =>
    posix.join(point, ...names.slice(0, names.length - up)),
  );
}
