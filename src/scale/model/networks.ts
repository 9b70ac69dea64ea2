import type { Link, Network } from "./links.js";

/*
 * Networks as their hardware is. What apts adds to a message, waking threads and copying, is measured on the machine at hand
 * and laid over them (`withSoftware`).
 */

/** Memory of a host, as MPI within it finds it: 0.3 µs, 10 GB/s for one reader (Open MPI, docs/communication.md, "Measured"). */
const MEMORY: Link = { latency: 0.3e-6, overhead: 0.2e-6, perByte: 1 / 10e9 };
const HOST: Link = { latency: 1e-6, overhead: 1e-6, perByte: 1 / 5e9 };

export const NETWORKS = {
  /** 100 Gbit/s Ethernet (IEEE 802.3bm); that TCP takes 10 µs between hosts of a rack is an assumption. */
  "100gbe": {
    name: "100gbe",
    ranksPerHost: 32,
    memory: true,
    sharedUplink: true,
    links: { memory: MEMORY, host: HOST, network: { latency: 10e-6, overhead: 1e-6, perByte: 1 / 12.5e9 } },
  },
  /**
   * HPE Slingshot: 200 Gbit/s a port, a switch takes 0.35 µs (De Sensi et al.: An in-depth analysis of the Slingshot
   * interconnect, SC 2020); that a message takes 2 µs through three switches is an assumption. A node of 64 cores with four
   * ports, as Frontier's.
   */
  slingshot: {
    name: "slingshot",
    ranksPerHost: 64,
    memory: true,
    sharedUplink: true,
    links: { memory: MEMORY, host: HOST, network: { latency: 2e-6, overhead: 0.3e-6, perByte: 1 / 100e9 } },
  },
  /**
   * Eight GPUs by NVLink 4, 450 GB/s each way (NVIDIA H100 data sheet), hosts by 400 Gbit/s InfiniBand a GPU (DGX H100
   * data sheet). Latencies of a step of a ring in NCCL's simple protocol: 3.4 µs by NVLink, 9.6 µs by the network
   * (NCCL 2.11, src/graph/tuning.cc, hwLat).
   */
  nvlink: {
    name: "nvlink",
    ranksPerHost: 8,
    memory: true,
    sharedUplink: false,
    links: {
      memory: { latency: 3.4e-6, overhead: 0.5e-6, perByte: 1 / 450e9 },
      host: { latency: 3.4e-6, overhead: 0.5e-6, perByte: 1 / 450e9 },
      network: { latency: 9.6e-6, overhead: 0.5e-6, perByte: 1 / 50e9 },
    },
  },
} as const satisfies Readonly<Record<string, Network>>;

/**
 * The network as this software would see it: to each message what the software takes, and no byte quicker than it copies.
 * @param software a local socket, whose wire takes no time
 */
export function withSoftware(network: Network, software: Link): Network {
  const slower = (link: Link): Link => ({
    latency: link.latency + software.latency,
    overhead: link.overhead + software.overhead,
    perByte: Math.max(link.perByte, software.perByte),
  });
  const { memory, host, network: wire } = network.links;
  return {
    ...network,
    links: {
      memory: { ...slower(memory), perByte: memory.perByte },
      host: slower(host),
      network: slower(wire),
    },
  };
}
