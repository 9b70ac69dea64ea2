import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { announce, candidatePorts, hear } from "../../../../src/comm/rendezvous/slurm/meeting-point.js";
import { noSeal, secretSeal } from "../../../../src/comm/rendezvous/slurm/seal.js";

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

async function tell(step: string, message: string, secret: string): Promise<void> {
  open.push(await announce(step, message, secretSeal(secret), "127.0.0.1"));
}

describe("the meeting point of a step", () => {
  it("hands task 0's message to every task, whoever comes first", async () => {
    const step = randomUUID();
    const early = hear(step, "127.0.0.1", secretSeal("s"), 10);
    await tell(step, "the key", "s");
    expect(await early).toBe("the key");
    const several = [1, 2, 3].map(() => hear(step, "127.0.0.1", secretSeal("s"), 10));
    expect(await Promise.all(several)).toEqual(["the key", "the key", "the key"]);
  });

  it("moves on where ports are taken, and believes nobody who cannot seal", async () => {
    const step = randomUUID();
    const [first, second] = candidatePorts(step);
    await occupy(first!, JSON.stringify({ step, message: "a false key" }));
    await occupy(second!, "x".repeat(1 << 20));
    await tell(step, "the key", "s");
    expect(await hear(step, "127.0.0.1", secretSeal("s"), 10)).toBe("the key");
  });

  it("tells another step or another secret nothing", async () => {
    const step = randomUUID();
    await tell(step, "the key", "s");
    await expect(hear(step, "127.0.0.1", secretSeal("t"), 0.5)).rejects.toThrow(
      /^Expected task 0 of SLURM step .* within 0.5 s: port \d+: .*authenticate/,
    );
    await expect(hear(randomUUID(), "127.0.0.1", noSeal, 0.5)).rejects.toThrow(/nobody answers\.$/);
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
