import type { Examination, HostFacts } from "./facts.js";
import { judged, type Check } from "./finding.js";

/** Clocks further apart make times in logs and file dates of different hosts hard to compare. */
const CLOCK_SECONDS = 1;
const SLOW_ROUND_TRIP = 0.01;
const SLOW_BYTES_PER_SECOND = 50e6;

/** What hosts are examined for together. */
export const networkChecks: Readonly<Record<string, Check>> = {
  versions: (all) =>
    differing(all, {
      apts: {
        of: (facts) => facts.versions.apts,
        state: "problem",
        remedy: "Install the same version of apts on all hosts.",
      },
      "Node.js": {
        of: (facts) => facts.versions.node,
        state: "warning",
        remedy: "Install the same Node.js on all hosts.",
      },
      backend: {
        of: ({ compute }) => ("error" in compute ? undefined : compute.fingerprint),
        state: "problem",
        remedy:
          "Ranks compute alike only with the same backend: choose one that all hosts have (--backend, --blas, --threads).",
      },
    }),

  interface: ({ hosts, facts }) =>
    hosts.length < 2
      ? []
      : known(hosts, facts).map(([host, { outward }]) => ({
          host,
          ...judged(
            outward.interface !== undefined && !isLoopback(outward.address),
            `${outward.interface ?? "none"} (${outward.address})`,
            "problem",
            "No way leads from this host to the others: check its network, and that its own name is not 127.0.0.1 in /etc/hosts.",
          ),
        })),

  names: ({ hosts, facts }) =>
    known(hosts, facts).map(([host, { names, hostname }]) => {
      const unknown = Object.entries(names).filter(([name, address]) => {
        if (address === null) return true;
        return name !== host && name !== hostname && isLoopback(address);
      });
      if (unknown.length === 0) return { host, state: "ok", found: `knows ${Object.keys(names).join(", ")}` };
      const list = unknown.map(([name, address]) =>
        address === null ? name : `${name} (is ${address} here)`,
      );
      return {
        host,
        state: "warning",
        found: `does not know ${list.join(", ")}`,
        remedy:
          "Add the names to DNS or /etc/hosts, or use addresses in the host file; ranks themselves meet by address.",
      };
    }),

  ports: ({ hosts, reach, troubles }) => {
    const closed = reach.filter(({ error }) => error !== undefined);
    const opened = reach.length - closed.length;
    return [
      ...(opened > 0
        ? [{ state: "ok" as const, found: `${opened} of ${reach.length} connections open` }]
        : []),
      ...closed.map(({ from, to, address, error }) => ({
        host: hosts[from]!,
        state: "problem" as const,
        found: `cannot reach ${hosts[to]!} at ${address}: ${error!}`,
        remedy:
          "Let the hosts reach each other's TCP ports above 1023 (a firewall, a security group, a wrong route?).",
      })),
      ...(closed.length > 0
        ? []
        : troubles.map(({ rank, message }) => ({
            host: hosts[rank] ?? hosts[0]!,
            state: "problem" as const,
            found: message,
            remedy: "Check that this host reaches the launcher's address and port.",
          }))),
    ];
  },

  clocks: ({ hosts, pairs }) => {
    if (hosts.length < 2 || pairs.length === 0) return [];
    const worst = pairs.reduce((a, b) => (Math.abs(b.clockOffset) > Math.abs(a.clockOffset) ? b : a));
    const apart = Math.abs(worst.clockOffset);
    const found = `at most ${apart.toFixed(3)} s apart (${hosts[worst.from]!}, ${hosts[worst.to]!})`;
    const remedy = "Set the clocks (chrony, ntpd): times in logs cannot be compared.";
    return [judged(apart <= CLOCK_SECONDS, found, "warning", remedy)];
  },

  pairs: ({ hosts, pairs }) =>
    pairs.map(({ from, to, roundTripSeconds, bytesPerSecond }) => {
      const names = hosts.length < 2 ? "two ranks" : `${hosts[from]!} and ${hosts[to]!}`;
      return judged(
        roundTripSeconds <= SLOW_ROUND_TRIP && bytesPerSecond >= SLOW_BYTES_PER_SECOND,
        `${names}: ${(1e6 * roundTripSeconds).toFixed(0)} µs there and back, ${(bytesPerSecond / 1e9).toFixed(2)} GB/s`,
        "warning",
        "Slow for ranks that wait for each other in every step: use a faster interface, or fewer hosts.",
      );
    }),
};

interface Alike {
  readonly of: (facts: HostFacts) => string | undefined;
  readonly state: "warning" | "problem";
  readonly remedy: string;
}

/** What all hosts should have the same of. */
function differing(
  { hosts, facts }: Examination,
  properties: Readonly<Record<string, Alike>>,
): ReturnType<Check> {
  return Object.entries(properties).map(([name, { of, state, remedy }]) => {
    const values = known(hosts, facts).map(([host, facts]) => [host, of(facts)] as const);
    const kinds = new Set(values.map(([, value]) => value));
    if (kinds.size <= 1) return { state: "ok", found: `${name} ${values[0]?.[1] ?? "unknown"}` };
    const list = values.map(([host, value]) => `${host}: ${value ?? "none"}`).join("; ");
    return { state, found: `${name} differs: ${list}`, remedy };
  });
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function known(hosts: readonly string[], facts: Examination["facts"]): [string, HostFacts][] {
  return hosts.flatMap((host, index): [string, HostFacts][] => (facts[index] ? [[host, facts[index]]] : []));
}
