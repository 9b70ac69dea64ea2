import { expect, test } from "vitest";

import { connect } from "../../src/comm/connect.js";
import { startRendezvous } from "../../src/comm/rendezvous/server.js";
import { bindLocal, hostIdentity, securityOf } from "../../src/comm/transport/sockets.js";
import type { Receiver } from "../../src/comm/transport/transport.js";
import { newInbox, ZeromqTransport } from "../../src/comm/transport/zeromq.js";
import { newJob } from "../../src/rank/environment.js";

/*
 * A rank that computes reads nothing, for as long as that takes: no event of its links, no message. When it looks up,
 * its deadlines have passed; what had happened before they did counts nevertheless.
 */

/** Nothing of this process's event loop runs, as where a rank computes. */
function compute(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test("a link that opened while its rank computed for longer than a link may take is open", async () => {
  const security = securityOf(newJob().jobKey, true);
  const inboxes = [newInbox(security), newInbox(security)];
  const addresses = await Promise.all(
    inboxes.map(async (inbox) => ({ host: hostIdentity(), ipc: await bindLocal(inbox), tcp: "" })),
  );
  const nobody = { host: hostIdentity(), ipc: "ipc://@apts-nobody-listens-here", tcp: "" };
  const [busy, other] = inboxes.map(
    (inbox, rank) => new ZeromqTransport(inbox, rank, [...addresses, nobody], security, false),
  );
  const arrived = new Promise<void>((resolve) => {
    const frame = (): void => {
      resolve();
    };
    other!.start({ frame, lost: () => undefined });
  });
  const lost: [number, string][] = [];
  const told = new Promise<void>((resolve) => {
    const receiver: Receiver = {
      frame: () => undefined,
      lost: (peer, reason) => {
        lost.push([peer, reason]);
        if (peer === 2) resolve();
      },
    };
    busy!.start(receiver);
  });
  busy!.post(1, Buffer.from("a first word"));
  busy!.post(2, Buffer.from("a first word"));
  compute(10_500);
  await Promise.all([arrived, told]);
  expect(lost).toEqual([[2, `cannot be reached: ${nobody.ipc} does not answer`]]);
  await Promise.all([busy!.close(0), other!.close(0)]);
}, 30_000);

test("a message that came while its receiver computed past the deadline is received", async () => {
  const job = { ...newJob(), size: 2, insecure: true, sharedMemory: false, timeoutSeconds: 3 };
  const rendezvous = await startRendezvous({ ...job, timeoutSeconds: 30 });
  const [sender, receiver] = await Promise.all(
    [0, 1].map((rank) =>
      connect(
        { ...job, rank, localRank: rank, localSize: 2, rendezvous: rendezvous.endpoint },
        { log: () => undefined },
      ),
    ),
  );
  await rendezvous.close();
  await Promise.all([sender!.barrier(), receiver!.barrier()]);
  const into = new Float32Array(1);
  const received = receiver!.recv(0, 0, into);
  const sent = sender!.send(1, 0, Float32Array.of(7));
  compute(3500);
  await received;
  await sent;
  expect(into[0]).toBe(7);
  await Promise.all([sender!.close(), receiver!.close()]);
}, 30_000);
