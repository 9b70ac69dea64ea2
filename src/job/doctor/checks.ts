import { gibibytes } from "../../host/limits.js";
import type { Examination, HostFacts } from "./facts.js";
import { graded, judged, type Check, type Finding, type Verdict } from "./finding.js";
import { networkChecks } from "./network-checks.js";

type HostCheck = (facts: HostFacts) => Verdict | readonly Verdict[];

/** What each host is examined for by itself. */
export const hostChecks: Readonly<Record<string, HostCheck>> = {
  cores({ cores: { cpus, quota, usable } }) {
    const found = `${usable} of ${cpus}${quota === undefined ? "" : `, its control group allows the time of ${Number(quota.toFixed(2))}`}`;
    const remedy = "Give the container or job at least one CPU: half of one is twice as slow.";
    return graded(quota ?? Infinity, { enough: 1 }, found, remedy);
  },

  memory({ memory: { total, available, limit = Infinity } }) {
    const group = limit > total ? "" : `, its control group allows ${gibibytes(limit)}`;
    return graded(
      Math.min(available, limit),
      { enough: 2 ** 30, least: 2 ** 28 },
      `${gibibytes(available)} of ${gibibytes(total)} free${group}`,
      "A rank takes 0.3 GiB and more: end other programs, or allow the container or job more memory.",
    );
  },

  "open files": ({ limits: { files } }) => limited(files, { enough: 1024, least: 256 }, "ulimit -n"),
  processes: ({ limits: { processes } }) =>
    limited(processes, { enough: 512, least: 64 }, "ulimit -u, pids.max of the control group"),
  "file size": ({ limits: { fileSize = Infinity } }) => {
    const found = fileSize === Infinity ? NO_LIMIT : gibibytes(fileSize);
    return graded(fileSize, { enough: 2 ** 30 }, found, "Checkpoints may be larger: raise ulimit -f.");
  },

  folders: ({ folders }) =>
    folders.map(({ purpose, path, free, error }): Verdict => {
      const found = `${purpose}: ${path}, ${free === undefined ? "unknown room" : `${gibibytes(free)} free`}${error ? `; ${error}` : ""}`;
      const optional = path === "/dev/shm";
      if (error) {
        const remedy = "Choose a folder that can be written to, or change its rights (TMPDIR, --out).";
        return { state: optional ? "warning" : "problem", found, remedy };
      }
      const bounds = { enough: 2 ** 30, least: optional ? 0 : 2 ** 25 };
      return graded(free!, bounds, found, "Make room, or choose another (TMPDIR, --out).");
    }),

  "local sockets"({ socketPath }) {
    if (socketPath === undefined) return { state: "ok", found: "need no path" };
    const length = Buffer.byteLength(socketPath) + 1;
    const found = `${length} of 104 bytes of a path (${socketPath})`;
    return judged(length <= 104, found, "problem", "Set TMPDIR to a shorter path.");
  },

  "memory of peers"({ memoryNotShared, ptraceScope, seccomp }) {
    if (memoryNotShared === undefined) return { state: "ok", found: "ranks of this host read each other's" };
    const causes = [
      ...(ptraceScope !== undefined && Number(ptraceScope) > 1
        ? [`set kernel.yama.ptrace_scope (now ${ptraceScope}) to 0 or 1`]
        : []),
      ...(seccomp
        ? ["allow process_vm_readv in the container (a newer seccomp profile, or --cap-add SYS_PTRACE)"]
        : []),
      ...(memoryNotShared.includes("koffi") ? ["install koffi (npm install koffi)"] : []),
    ];
    return {
      state: "warning",
      found: `cannot be read (${memoryNotShared}): payloads go through sockets, up to three times slower`,
      remedy: `${causes.length > 0 ? causes.join("; or ") : "Let processes of one user trace each other"}; or say --no-shared-memory.`,
    };
  },

  compute({ compute }) {
    if ("error" in compute)
      return {
        state: "problem",
        found: compute.error,
        remedy: "Install apts again (npm install): the WebAssembly backend comes with it.",
      };
    const { backend, description, gigaflops, rejected } = compute;
    const found = `${backend}: ${description}, ${gigaflops.toFixed(1)} GFLOP/s`;
    if (backend === "cpu")
      return { state: "warning", found, remedy: `Better ones do not start: ${rejected.join("; ")}` };
    const remedy =
      "A native matrix product is two to three times faster: install libdnnl2 or libopenblas0 (npm install koffi).";
    return judged(backend !== "wasm" || compute.blas !== undefined, found, "warning", remedy);
  },

  gpus({ gpus, gpuDriver, compute }) {
    if (gpus.length === 0) return { state: "ok", found: "none" };
    const found = `${gpus.length}${gpuDriver ? `, driver ${gpuDriver}` : ""}`;
    if ("backend" in compute && compute.backend === "node-gpu") return { state: "ok", found };
    const why =
      "rejected" in compute ? compute.rejected.find((reason) => reason.startsWith("node-gpu")) : undefined;
    return {
      state: "warning",
      found: `${found}; not used${why ? `: ${why}` : ""}`,
      remedy: "Install @tensorflow/tfjs-node-gpu with CUDA 11 and cuDNN 8, or say --backend webgpu.",
    };
  },
};

/** Everything found, host by host, then between them. */
export function judge(examination: Examination): Finding[] {
  const { hosts, facts, unreached } = examination;
  const unreachable = unreached.map(({ host, message }): Finding => ({
    host,
    subject: "start",
    state: "problem",
    found: message,
    remedy: `Make "ssh ${host} true" work without a password, and Node and apts be at the same paths as here.`,
  }));
  const alone = hosts.flatMap((host, index) => {
    const known = facts[index];
    if (!known) return [];
    return Object.entries(hostChecks).flatMap(([subject, check]) => {
      const verdicts = check(known);
      return [verdicts].flat().map((verdict): Finding => ({ host, subject, ...verdict }));
    });
  });
  const together = Object.entries(networkChecks).flatMap(([subject, check]: [string, Check]) =>
    check(examination).map((verdict): Finding => ({ subject, ...verdict })),
  );
  return [...unreachable, ...alone, ...together];
}

const NO_LIMIT = "no limit";

function limited(value = Infinity, bounds: { enough: number; least: number }, how: string): Verdict {
  const found = value === Infinity ? NO_LIMIT : String(value);
  return graded(value, bounds, found, `Raise it to ${bounds.enough} or more (${how}).`);
}
