import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { announce, candidatePorts, hear } from "../../../../src/comm/rendezvous/meeting/meeting-point.js";
import { noSeal, secretSeal, type Seal } from "../../../../src/comm/rendezvous/meeting/seal.js";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** Somebody else's server on one of the ports. */
async function occupy(port: number, answer: string): Promise<void> {
  const server = createServer((socket) => socket.on("error", () => undefined).end(answer));
  open.push(server);
  await once(server.listen(port, "127.0.0.1"), "listening");
}

const doorsOf = (job: string) => candidatePorts(job).map((port) => ({ host: "127.0.0.1", port }));

async function tell(job: string, message: string, secret: string): Promise<void> {
  open.push(await announce(job, message, secretSeal(secret), doorsOf(job)));
}

async function heard(job: string, seal: Seal, seconds: number): Promise<string> {
  return (await hear(job, doorsOf(job), seal, seconds)).message;
}

describe("the meeting point of a job", () => {
  it("hands rank 0's message to every rank, whoever comes first", async () => {
    const job = randomUUID();
    const early = heard(job, secretSeal("s"), 10);
    await tell(job, "the key", "s");
    expect(await early).toBe("the key");
    const several = [1, 2, 3].map(() => heard(job, secretSeal("s"), 10));
    expect(await Promise.all(several)).toEqual(["the key", "the key", "the key"]);
  });

  it("moves on where ports are taken, and believes nobody who cannot seal", async () => {
    const job = randomUUID();
    const [first, second] = candidatePorts(job);
    await occupy(first!, JSON.stringify({ job, message: "a false key" }));
    await occupy(second!, "x".repeat(1 << 20));
    await tell(job, "the key", "s");
    expect(await heard(job, secretSeal("s"), 10)).toBe("the key");
  });

  it("tells another job or another secret nothing", async () => {
    const job = randomUUID();
    await tell(job, "the key", "s");
    await expect(heard(job, secretSeal("t"), 0.5)).rejects.toThrow(
      /^Expected rank 0 of job .* within 0.5 s: 127.0.0.1, port \d+: .*authenticate/,
    );
    await expect(heard(randomUUID(), noSeal, 0.5)).rejects.toThrow(/nobody answers\.$/);
  });
});

describe("secretSeal", () => {
  it("opens what it sealed, and nothing that was changed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.nat(), async (message, position) => {
        const sealed = await secretSeal("s").seal(message);
        expect(await secretSeal("s").open(sealed)).toBe(message);
        const bytes = Buffer.from(sealed, "base64");
        bytes[position % bytes.length]! ^= 1;
        expect(() => secretSeal("s").open(bytes.toString("base64"))).toThrow();
      }),
    );
  });
});
