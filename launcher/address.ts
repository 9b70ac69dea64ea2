import { isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { AptsError } from "../src/errors.js";
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

/**
 * Ranks of one machine meet on its loopback interface, which some sandboxes and containers leave down.
 * @throws AptsError where one of `addresses` needs it and it is down
 */
export function checkLoopback(addresses: readonly string[]): void {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []); // those that are up
  if (!addresses.includes("127.0.0.1") || own.some(({ address }) => address.startsWith("127."))) return;
  throw new AptsError(
    "Expected the loopback interface of this machine to be up, on which its ranks meet (127.0.0.1), but it is down. " +
      'Start it with "ip link set lo up", as root of the container or sandbox, or run a single rank.',
  );
}
