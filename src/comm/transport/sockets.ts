import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { readFileSync, readlinkSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { hostname, networkInterfaces, platform, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import * as zmq from "zeromq";

import { listeningKeys } from "./curve.js";

// Links to many ranks, and a monitor for each, may exceed the default of 1023.
zmq.context.maxSockets = 16_384;

/** A peer that answers nothing for this long is lost. The I/O thread answers, so a rank that computes is not. */
const HEARTBEAT = { heartbeatInterval: 1000, heartbeatTimeout: 5000 };

/** What secures the sockets of a job: nothing, or CURVE with keys from the job's secret. */
export interface Security {
  readonly listening: { readonly curveServer: true; readonly curveSecretKey: string } | undefined;
  readonly connecting:
    | { readonly curveServerKey: string; readonly curvePublicKey: string; readonly curveSecretKey: string }
    | undefined;
}

export function securityOf(jobKey: string, insecure: boolean): Security {
  if (insecure) return { listening: undefined, connecting: undefined };
  const { publicKey, secretKey } = listeningKeys(jobKey);
  const own = zmq.curveKeyPair();
  return {
    listening: { curveServer: true, curveSecretKey: secretKey },
    connecting: { curveServerKey: publicKey, curvePublicKey: own.publicKey, curveSecretKey: own.secretKey },
  };
}

/** Options of every socket. No high-water mark: channels bound what is under way, and heartbeats must get through. */
export const COMMON = { linger: 0, ...HEARTBEAT } as const;

/** Binds `socket` where other processes of this host reach it; returns "" where there is no such thing. */
export async function bindLocal(socket: zmq.Pull): Promise<string> {
  const name = `apts-${randomBytes(8).toString("hex")}`;
  if (platform() === "win32") return "";
  // Linux has names that live and die with the socket; elsewhere a file in a directory only this user may enter.
  const path = platform() === "linux" ? `@${name}` : join(await mkdtemp(join(tmpdir(), "apts-")), "rank");
  await socket.bind(`ipc://${path}`);
  return `ipc://${path}`;
}

/** Equal for processes that can reach each other's local sockets: same kernel, same network namespace, same user. */
export function hostIdentity(): string {
  if (platform() !== "linux") return `${hostname()}:${userInfo().uid}`;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}:${readlinkSync("/proc/self/ns/net")}`;
}

/** The address of this machine from which packets to `host` leave: where ranks beyond it can reach this one. */
export async function addressTowards(host: string, port: number): Promise<string> {
  const socket = createSocket("udp4");
  try {
    const address = await new Promise<string>((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(port, host, () => {
        resolve(socket.address().address); // connecting a datagram socket sends nothing
      });
    });
    const named = host === "localhost" || host.startsWith("127.");
    return named || !address.startsWith("127.") ? address : (externalAddress() ?? address);
  } finally {
    socket.close();
  }
}

/** A machine may know its own name as a loopback address, which is of no use to others. */
export function externalAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((a) => a.family === "IPv4" && !a.internal)?.address;
}
