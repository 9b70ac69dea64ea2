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
import { aptsVersion } from "../../run/folder/record.js";
import type { ComputeFacts, FolderFacts, HostFacts } from "./facts.js";

/** What to look at. */
export interface Gathering {
  /** The hosts of the job. */
  readonly names: readonly string[];
  /** tcp://host:port of the rendezvous. */
  readonly rendezvous: string;
  readonly compute: BackendOptions;
}

/** Looks at this host. */
export async function gatherFacts({ names, rendezvous, compute }: Gathering): Promise<HostFacts> {
  const group = readControlGroup();
  const { hostname: meetingHost, port } = new URL(rendezvous);
  const address = await addressTowards(meetingHost, Number(port)).catch((error: unknown) => String(error));
  const own = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.map(({ address, internal }) => ({ name, address, internal })),
  );
  const meanings = await Promise.all(
    [...new Set([...names, hostname()])].map(async (name): Promise<[string, string | undefined]> => [
      name,
      await lookup(networkName(name)).then(
        ({ address }) => address,
        () => undefined,
      ),
    ]),
  );
  return {
    hostname: hostname(),
    versions: {
      node: process.version,
      apts: aptsVersion(),
      system: `${platform()} ${release()} ${process.arch}`,
    },
    outward: { address, interface: own.find((it) => it.address === address)?.name },
    addresses: own.filter(({ internal }) => !internal).map(({ address }) => address),
    names: Object.fromEntries(meanings),
    cores: { cpus: availableParallelism(), quota: group.cpus?.value, usable: usableCores(group.cpus) },
    memory: { total: totalmem(), available: availableMemory(), limit: group.memory?.value },
    limits: {
      files: limitOf("Max open files"),
      processes: least(limitOf("Max processes"), group.processes?.value),
      fileSize: limitOf("Max file size"),
    },
    folders: await Promise.all([
      folderFacts("run folders (--out)", nearest(resolve("runs"))),
      folderFacts("temporary files (TMPDIR)", tmpdir()),
      ...(platform() === "linux" ? [folderFacts("shared memory", "/dev/shm")] : []),
    ]),
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

/** "user@node1" → "node1" */
export function networkName(name: string): string {
  return name.slice(name.lastIndexOf("@") + 1);
}

function availableMemory(): number {
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(textOf("/proc/meminfo")) ?? [];
  return kilobytes === undefined ? totalmem() : Number(kilobytes) * 1024;
}

/** The folder, or the nearest above that is there, in which it would be made. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

async function folderFacts(purpose: string, path: string): Promise<FolderFacts> {
  try {
    const { bavail, bsize } = await statfs(path);
    const free = bavail * bsize;
    try {
      await rmdir(await mkdtemp(join(path, ".apts-doctor-")));
      return { purpose, path, free };
    } catch (error) {
      return { purpose, path, free, error: (error as Error).message };
    }
  } catch (error) {
    return { purpose, path, error: (error as Error).message };
  }
}

async function computeFacts(options: BackendOptions): Promise<ComputeFacts> {
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
