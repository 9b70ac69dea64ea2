import { Endpoint } from "../../../src/comm/calls/endpoint.js";
import { WORLD } from "../../../src/comm/calls/group.js";
import { GroupCommunicator } from "../../../src/comm/group-communicator.js";
import type { Communicator } from "../../../src/comm/index.js";
import { memoryTransports } from "../../../src/comm/transport/in-process.js";
import type { Transport } from "../../../src/comm/transport/transport.js";
import { jobWords } from "../../../src/comm/transport/wire.js";

/** Ranks inside this process that take each other for ranks of hosts with `perHost` of them. */
export function groupOnHosts(size: number, perHost: number): Communicator[] {
  const everyone = Array.from({ length: size }, (_, rank) => rank);
  return memoryTransports(size).map((transport) => {
    const placed: Transport = Object.assign(transport, {
      onOneHost: (ranks: readonly number[]) => new Set(ranks.map((r) => Math.floor(r / perHost))).size === 1,
    });
    const options = { job: jobWords("hosts"), timeoutSeconds: 20, log: () => undefined };
    return new GroupCommunicator(new Endpoint(placed, options), everyone, placed.rank, WORLD);
  });
}
