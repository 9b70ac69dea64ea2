import { describe, expect, it } from "vitest";
import { limitOf } from "../../../src/host/limits.js";
import { hostChecks, judge } from "../../../src/job/doctor/checks.js";
import type { Examination, HostFacts } from "../../../src/job/doctor/facts.js";
import { rounds } from "../../../src/job/doctor/pairs.js";

const GIB = 2 ** 30;

const MEMORY = { total: 32 * GIB, available: 30 * GIB, limit: undefined };
const LIMITS = { files: 20_000, processes: undefined, fileSize: undefined };
const FOLDER = { purpose: "run folders (--out)", path: "/home/me/runs", free: 100 * GIB, error: undefined };

/** A host on which everything is as it should be. */
const fine = (hostname: string, address: string): HostFacts => ({
  hostname,
  versions: { node: "v22.1.0", apts: "0.1.0", system: "linux 6.1 x64" },
  outward: { address, interface: "eth0" },
  addresses: [address],
  names: { n1: "10.0.0.1", n2: "10.0.0.2" },
  cores: { cpus: 8, quota: undefined, usable: 8 },
  memory: MEMORY,
  limits: LIMITS,
  folders: [FOLDER],
  socketPath: undefined,
  memoryNotShared: undefined,
  ptraceScope: undefined,
  seccomp: false,
  gpus: [],
  gpuDriver: undefined,
  compute: {
    backend: "wasm",
    description: "WebAssembly",
    fingerprint: "wasm; 4.22",
    blas: "oneDNN",
    gigaflops: 50,
    rejected: ["node-gpu: not installed"],
  },
});

const all = (change: Partial<HostFacts> = {}, more: Partial<Examination> = {}): Examination => ({
  hosts: ["n1", "n2"],
  facts: [fine("n1", "10.0.0.1"), { ...fine("n2", "10.0.0.2"), ...change }],
  unreached: [],
  reach: [
    { from: 0, to: 1, address: "10.0.0.2:4000" },
    { from: 1, to: 0, address: "10.0.0.1:4000" },
  ],
  pairs: [{ from: 0, to: 1, roundTripSeconds: 1e-4, bytesPerSecond: 1e9, clockOffset: 0.002 }],
  troubles: [],
  ...more,
});

/** "n2 cores warning: what to do" for everything that is not fine. */
const complaints = (examination: Examination): string[] =>
  judge(examination)
    .filter(({ state }) => state !== "ok")
    .map(
      ({ host, subject, state, found, remedy }) =>
        `${host ?? "all"} ${subject} ${state}: ${found} → ${remedy!}`,
    );

describe("judge", () => {
  it("finds nothing wrong where nothing is, and says so of everything", () => {
    expect(complaints(all())).toEqual([]);
    const subjects = new Set(judge(all()).map(({ subject }) => subject));
    const between = ["versions", "interface", "names", "ports", "clocks", "pairs"];
    expect([...subjects].sort()).toEqual([...Object.keys(hostChecks), ...between].sort());
  });

  const compute = fine("", "").compute;
  it.each<[Partial<HostFacts>, RegExp]>([
    [
      { cores: { cpus: 8, quota: 0.5, usable: 1 } },
      /^n2 cores warning: 1 of 8, .*time of 0\.5 → Give the container/,
    ],
    [{ memory: { ...MEMORY, limit: GIB / 2 } }, /^n2 memory warning: .*allows 512 MiB →/],
    [{ memory: { ...MEMORY, available: GIB / 8 } }, /^n2 memory problem: 128 MiB of 32\.0 GiB free/],
    [{ limits: { ...LIMITS, files: 100 } }, /^n2 open files problem: 100 → .*ulimit -n/],
    [{ limits: { ...LIMITS, processes: 200 } }, /^n2 processes warning: 200 → .*pids\.max/],
    [{ limits: { ...LIMITS, fileSize: 1024 } }, /^n2 file size warning: .*ulimit -f/],
    [
      {
        folders: [
          {
            purpose: "temporary files (TMPDIR)",
            path: "/tmp",
            free: GIB,
            error: "EACCES: permission denied",
          },
        ],
      },
      /^n2 folders problem: .*\/tmp.*EACCES.* → .*TMPDIR/,
    ],
    [{ folders: [{ ...FOLDER, free: 1000 }] }, /^n2 folders problem: .* → Make room/],
    [
      { socketPath: `/private/${"x".repeat(100)}/rank` },
      /^n2 local sockets problem: 115 of 104 bytes .*shorter/,
    ],
    [
      { memoryNotShared: "errno 1", ptraceScope: "2" },
      /^n2 memory of peers warning: .*errno 1.*ptrace_scope \(now 2\)/,
    ],
    [{ memoryNotShared: "errno 1", seccomp: true }, /^n2 memory of peers warning: .*SYS_PTRACE/],
    [
      { gpus: ["0"], gpuDriver: "535.1" },
      /^n2 gpus warning: 1, driver 535\.1; not used: node-gpu: not installed → Install/,
    ],
    [{ compute: { error: "no backend" } }, /^n2 compute problem: no backend →/],
    [
      { compute: { ...(compute as object), blas: undefined } as HostFacts["compute"] },
      /^n2 compute warning: .*libdnnl2/,
    ],
    [
      { compute: { ...(compute as object), fingerprint: "other" } as HostFacts["compute"] },
      /^all versions problem: backend differs: n1: wasm; 4\.22; n2: other →/,
    ],
    [
      { versions: { node: "v20.0.0", apts: "0.1.0", system: "" } },
      /^all versions warning: Node\.js differs: n1: v22\.1\.0; n2: v20\.0\.0/,
    ],
    [{ versions: { node: "v22.1.0", apts: "0.2.0", system: "" } }, /^all versions problem: apts differs/],
    [
      { outward: { address: "127.0.0.1", interface: "lo" } },
      /^n2 interface problem: lo \(127\.0\.0\.1\) → .*\/etc\/hosts/,
    ],
    [{ names: { n1: null, n2: "127.0.1.1" } }, /^n2 names warning: does not know n1 →/],
    [
      { names: { n1: "127.0.1.1", n2: "10.0.0.2" } },
      /^n2 names warning: does not know n1 \(is 127\.0\.1\.1 here\) →/,
    ],
  ])("%j", (change, expected) => {
    const found = complaints(all(change));
    expect(
      found.filter((line) => !line.startsWith("all versions problem: backend") || found.length === 1),
    ).toEqual([expect.stringMatching(expected)]);
  });

  it.each<[Partial<Examination>, RegExp]>([
    [
      {
        reach: [{ from: 1, to: 0, address: "10.0.0.1:4000", error: "connect ECONNREFUSED" }],
        pairs: [],
        troubles: [{ rank: 1, message: "a consequence" }],
      },
      /^n2 ports problem: cannot reach n1 at 10\.0\.0\.1:4000: connect ECONNREFUSED → .*firewall/,
    ],
    [
      { reach: [], pairs: [], troubles: [{ rank: 1, message: "nobody answers" }] },
      /^n2 ports problem: nobody answers →/,
    ],
    [
      { pairs: [{ ...all().pairs[0]!, clockOffset: -30 }] },
      /^all clocks warning: at most 30\.000 s apart \(n1, n2\) → .*chrony/,
    ],
    [
      { pairs: [{ ...all().pairs[0]!, bytesPerSecond: 1e6 }] },
      /^all pairs warning: n1 and n2: 100 µs there and back, 0\.00 GB\/s/,
    ],
    [
      { unreached: [{ host: "n3", message: "could not" }] },
      /^n3 start problem: could not → Make "ssh n3 true" work/,
    ],
  ])("%j", (more, expected) => {
    expect(complaints(all({}, more))).toEqual([expect.stringMatching(expected)]);
  });
});

it("everyone meets everyone once in a tournament, never itself", () => {
  for (const size of [2, 3, 4, 5, 8, 9]) {
    const met = new Set<string>();
    for (const partners of rounds(size)) {
      partners.forEach((partner, me) => {
        if (partner === undefined) return;
        expect(partners[partner]).toBe(me);
        expect(partner).not.toBe(me);
        met.add(`${Math.min(me, partner)}-${Math.max(me, partner)}`);
      });
    }
    expect(met.size).toBe((size * (size - 1)) / 2);
    expect(rounds(size)).toHaveLength(size - 1 + (size % 2));
  }
});

it("reads /proc/self/limits", () => {
  const text =
    "Limit                     Soft Limit           Hard Limit           Units     \n" +
    "Max file size             unlimited            unlimited            bytes     \n" +
    "Max open files            1024                 4096                 files     \n";
  expect(limitOf("Max open files", text)).toBe(1024);
  expect(limitOf("Max file size", text)).toBeUndefined();
  expect(limitOf("Max open files", "")).toBeUndefined();
});
