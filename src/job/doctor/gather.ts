import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { mkdtemp, rmdir, statfs } from "node:fs/promises";
import {
  availableParallelism,
  hostname,
  networkInterfaces,
  platform,
  release,
  tmpdir,
  totalmem,
} from "node:os";
import { dirname, join, resolve } from "node:path";
import { whyMemoryIsNotShared } from "../../comm/transport/shared-memory/trial.js";
import { addressTowards } from "../../comm/transport/sockets.js";
import { startBackend, type BackendOptions } from "../../compute/backend.js";
import { productSpeed } from "../../compute/product-speed.js";
import { readControlGroup } from "../../host/control-group.js";
import { usableCores } from "../../host/cores.js";
import { textOf } from "../../host/files.js";
import { visibleGpus } from "../../host/gpus.js";
import { limitOf } from "../../host/limits.js";
import { aptsVersion } from "../../package.js";

/** What to look at. */
export interface Gathering {
  /** The hosts of the job. */
  readonly names: readonly string[];
  /** tcp://host:port of the rendezvous. */
  readonly rendezvous: string;
  readonly compute: BackendOptions;
}

/** What this host has and allows; where nothing is said of a limit, it has none. */
export async function gatherFacts({ names, rendezvous, compute }: Gathering) {
  const group = readControlGroup();
  const { hostname: meetingHost, port } = new URL(rendezvous);
  const address = await addressTowards(meetingHost, Number(port)).catch((error: unknown) => String(error));
  const own = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.map(({ address, internal }) => ({ name, address, internal })),
  );
  // What they mean here; null: nothing, which JSON can tell. A host may be named as ssh takes it, user@node1.
  const meanings = await Promise.all(
    [...new Set([...names, hostname()])].map(async (name): Promise<[string, string | null]> => [
      name,
      await lookup(name.slice(name.lastIndexOf("@") + 1)).then(
        ({ address }) => address,
        () => null,
      ),
    ]),
  );
  const folders = {
    "run folders (--out)": nearest(resolve("runs")),
    "temporary files (TMPDIR)": tmpdir(),
    ...(platform() === "linux" ? { "shared memory": "/dev/shm" } : {}),
  };
  return {
    hostname: hostname(),
    versions: {
      node: process.version,
      apts: aptsVersion(),
      system: `${platform()} ${release()} ${process.arch}`,
    },
    // Where packets to the others leave; `addresses` are all that others may use.
    outward: { address, interface: own.find((it) => it.address === address)?.name },
    addresses: own.filter(({ internal }) => !internal).map(({ address }) => address),
    names: Object.fromEntries(meanings),
    cores: { cpus: availableParallelism(), quota: group.cpus?.value, usable: usableCores(group.cpus) },
    // Bytes; `limit` is the control group's.
    memory: { total: totalmem(), available: availableMemory(), limit: group.memory?.value },
    limits: {
      files: limitOf("Max open files"),
      processes: least(limitOf("Max processes"), group.processes?.value),
      fileSize: limitOf("Max file size"),
    },
    folders: await Promise.all(Object.entries(folders).map(([purpose, path]) => folderFacts(purpose, path))),
    // The longest path of a local socket: on Linux they have none.
    socketPath: platform() === "linux" ? undefined : join(tmpdir(), "apts-XXXXXX", "rank"),
    memoryNotShared: await whyMemoryIsNotShared(),
    ptraceScope: textOf("/proc/sys/kernel/yama/ptrace_scope").trim() || undefined,
    seccomp: /^Seccomp:\s+[12]$/m.test(textOf("/proc/self/status")),
    gpus: visibleGpus(process.env),
    gpuDriver: /NVRM version:.*?(\d+\.\d[\d.]*)/.exec(textOf("/proc/driver/nvidia/version"))?.[1],
    compute: await computeFacts(compute).catch((error: unknown) => ({ error: (error as Error).message })),
  };
}

function least(...limits: readonly (number | undefined)[]): number | undefined {
  const set = limits.filter((limit) => limit !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}

function availableMemory(): number {
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(textOf("/proc/meminfo")) ?? [];
  return kilobytes === undefined ? totalmem() : Number(kilobytes) * 1024;
}

/** The folder, or the nearest above that is there, in which it would be made. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

/** How much room a folder has, and why nothing can be made there. */
async function folderFacts(purpose: string, path: string) {
  let free: number | undefined;
  let error: string | undefined;
  try {
    const { bavail, bsize } = await statfs(path);
    free = bavail * bsize;
    await rmdir(await mkdtemp(join(path, ".apts-doctor-")));
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  return { purpose, path, free, error };
}

/** Which backend computes on this host, how fast, and why better ones do not. */
export async function computeFacts(options: BackendOptions) {
  const backend = await startBackend(options);
  try {
    return {
      backend: backend.name,
      description: backend.description,
      fingerprint: backend.fingerprint,
      blas: backend.blas?.name,
      gigaflops: await productSpeed(512, 5),
      rejected: [
        ...backend.rejected.map(({ backend: name, reason }) => `${name}: ${reason}`),
        ...(backend.blas?.rejected ?? []).map(({ library, reason }) => `${library}: ${reason}`),
      ],
    };
  } finally {
    backend.stop();
  }
}
