import { isIPv4 } from "node:net";
import { hostname } from "node:os";
import type { Host } from "./host.js";

/**
 * The address of this machine for the ranks of each host. A machine has several and only some can be reached from
 * elsewhere: the right one for a host is where its ssh session came from.
 */
export function ownAddress(hosts: readonly Host[]): (host: string) => string {
  const reachedFrom = (host: Host): string | undefined =>
    [host.inventory.reachedFrom ?? ""].find((address) => isIPv4(address));
  const remote = hosts.filter(({ inventory }) => inventory.reachedFrom !== undefined);
  if (remote.length === 0) return () => "127.0.0.1";
  // Ranks of this host must meet the others, too: under an address that means the same to all.
  const outward = remote.map(reachedFrom).find((address) => address !== undefined) ?? hostname();
  const addresses = new Map(hosts.map((host) => [host.name, reachedFrom(host) ?? outward]));
  return (host) => addresses.get(host)!;
}
