import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as zmq from "zeromq";

import { encodeSignature, signatureOf } from "../../src/comm/calls/signature.js";
import { connect, type Communicator } from "../../src/comm/index.js";
import { meet } from "../../src/comm/rendezvous/client.js";
import { startRendezvous } from "../../src/comm/rendezvous/server.js";
import { securityOf, type Security } from "../../src/comm/transport/sockets.js";
import { joined, jobWords, Kind, newHead, setWord, Word } from "../../src/comm/transport/wire.js";
import { newJob, type RankEnvironment } from "../../src/rank/environment.js";

/*
 * Who is not of the job and talks to a rank's port all the same. Rank 1 of the job is played by the test, which so
 * learns the port of rank 0; the first test shows that what it sends does arrive when all is right.
 */

describe.each([false, true])("a stranger at a rank's port (insecure: %s)", (insecure) => {
  let rank0: Communicator;
  let port: string;
  let environment: RankEnvironment;
  let warnings: string[];
  let pushing: zmq.Push[];

  beforeEach(async () => {
    warnings = [];
    pushing = [];
    const job = { ...newJob(), size: 2, timeoutSeconds: 60, insecure };
    const rendezvous = await startRendezvous(job);
    environment = { ...job, rank: 0, localRank: 0, localSize: 2, rendezvous: rendezvous.endpoint };
    const nowhere = {
      host: "elsewhere",
      hostName: "",
      pid: 1,
      sharesMemory: false,
      ipc: "",
      tcp: "tcp://127.0.0.1:9",
    };
    const [comm, peers] = await Promise.all([
      connect(environment, { log: (_, message) => warnings.push(message) }),
      meet({ ...environment, rank: 1 }, nowhere, securityOf(job.jobKey, insecure)),
    ]);
    await rendezvous.close();
    rank0 = comm;
    port = peers[0]!.tcp;
  });

  afterEach(() => {
    for (const socket of pushing) socket.close();
    return rank0.close();
  });

  /** A message from rank 1 under tag 3 that holds the float32 7. */
  function message(jobId: string): Buffer {
    const header = newHead(Kind.data, jobWords(jobId), 1, 0, 3);
    encodeSignature(signatureOf("send", { dtype: "float32", count: 1 }), header);
    setWord(header, Word.size, 4);
    return joined(header, new Uint8Array(new Float32Array([7]).buffer));
  }

  async function push(security: Security, frames: Uint8Array | Uint8Array[]): Promise<void> {
    const socket = new zmq.Push({ linger: 0, ...security.connecting });
    pushing.push(socket); // open until the message has come, whenever that is
    socket.connect(port);
    await socket.send(frames);
  }

  const expectLogged = (warning: RegExp): Promise<void> =>
    expect.poll(() => warnings.join("\n"), { timeout: 60_000 }).toMatch(warning);

  async function expectNothingDelivered(): Promise<void> {
    const into = new Float32Array(1);
    let delivered = false;
    const receiving = rank0.recv(1, 3, into).then(
      () => (delivered = true),
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(delivered).toBe(false);
    // and yet the right message still comes through
    await push(securityOf(environment.jobKey, insecure), message(environment.jobId));
    await receiving;
    expect(into[0]).toBe(7);
  }

  test("with the job's key and id is a rank, and its message arrives", async () => {
    const into = new Float32Array(1);
    await Promise.all([
      rank0.recv(1, 3, into),
      push(securityOf(environment.jobKey, insecure), message(environment.jobId)),
    ]);
    expect(into[0]).toBe(7);
    expect(warnings.filter((text) => text.includes("refused"))).toEqual([]);
  });

  test("with a stale job id delivers nothing and is logged", async () => {
    await push(securityOf(environment.jobKey, insecure), message("an earlier start"));
    await expectLogged(/^Rank 0 refused a message that no rank of this job run wrote\.$/m);
    await expectNothingDelivered();
  });

  test.skipIf(insecure)("with another key delivers nothing and is logged", async () => {
    await push(securityOf(newJob().jobKey, false), message(environment.jobId));
    await expectLogged(/Rank 0 refused a connection that failed the handshake \(ERR_ZMTP_CRYPTOGRAPHIC\)/);
    await expectNothingDelivered();
  });

  test("with the other kind of security delivers nothing and is logged", async () => {
    await push(securityOf(newJob().jobKey, !insecure), message(environment.jobId));
    await expectLogged(/failed the handshake \(ERR_ZMTP_MECHANISM_MISMATCH\)/);
    await expectNothingDelivered();
  });

  test("that writes garbage delivers nothing", async () => {
    const [host, number] = port.slice("tcp://".length).split(":");
    for (const bytes of [
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.alloc(100_000, 0xff),
      Buffer.alloc(1),
    ]) {
      const socket = connectSocket(Number(number), host);
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write(bytes);
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.destroy();
    }
    await expectNothingDelivered();
  });

  test("that writes messages of no known form delivers nothing and is logged", async () => {
    const security = securityOf(environment.jobKey, insecure);
    await push(security, new Uint8Array(3));
    await push(security, new Uint8Array(64).fill(255));
    await push(security, [new Uint8Array(64), new Uint8Array(10), new Uint8Array(10)]);
    await push(security, new Uint8Array(4 << 20));
    const odd = message(environment.jobId);
    setWord(odd, Word.from, 17);
    await push(security, odd);
    setWord(odd, Word.from, 1);
    setWord(odd, Word.kind, 99);
    await push(security, odd);
    await expectLogged(/^Rank 0 refused a message that no rank of this job run wrote\.$/m);
    await expectNothingDelivered();
  });
});

test("a rank without encryption says so in its log", async () => {
  const log: string[] = [];
  const job = { ...newJob(), size: 2, timeoutSeconds: 10, insecure: true };
  const rendezvous = await startRendezvous(job);
  const environment = { ...job, localRank: 0, localSize: 2, rendezvous: rendezvous.endpoint };
  const comms = await Promise.all(
    [0, 1].map((rank) =>
      connect({ ...environment, rank }, { log: (level, text) => log.push(`${level}: ${text}`) }),
    ),
  );
  await Promise.all(comms.map((comm) => comm.close()));
  await rendezvous.close();
  expect(log).toContain(
    "info: Rank 0 communicates without encryption: whoever reaches its ports can interfere.",
  );
});
