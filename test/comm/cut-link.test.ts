import { execFileSync } from "node:child_process";
import { afterAll, describe, expect, test } from "vitest";

import { RankProcesses } from "../helpers/comm/processes.js";

/*
 * Two hosts and a router between them, as network namespaces: the router drops one host's link without a word to
 * the other, as a pulled cable or a dead switch does. Needs root and iproute2.
 *
 *   this namespace, ranks 0 and 1 ── 10.213.x.0/30 ── router ── 10.214.x.0/30 ── far host, rank 2
 */

const id = process.pid % 250;
const router = `apts-router-${process.pid}`;
const far = `apts-far-${process.pid}`;
const near = { host: `10.213.${id}.1`, router: `10.213.${id}.2`, link: `aptn${process.pid}` };
const beyond = { router: `10.214.${id}.1`, host: `10.214.${id}.2`, link: `aptf${process.pid}` };

function ip(...words: string[]): void {
  execFileSync("ip", words.join(" ").split(" "), { stdio: "pipe" });
}

const undo: (() => void)[] = [];

/** Builds the network; returns why that is impossible, if so. */
function build(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  try {
    for (const name of [router, far]) {
      ip("netns add", name);
      undo.push(() => {
        ip("netns del", name);
      });
      ip("-n", name, "link set lo up");
    }
    ip("link add", near.link, "type veth peer name near netns", router);
    ip("addr add", `${near.host}/30 dev`, near.link);
    ip("link set", near.link, "up");
    ip("-n", router, `addr add ${near.router}/30 dev near`);
    ip("-n", router, "link set near up");
    ip("-n", router, "link add", beyond.link, "type veth peer name far netns", far);
    ip("-n", router, `addr add ${beyond.router}/30 dev`, beyond.link);
    ip("-n", router, "link set", beyond.link, "up");
    ip("-n", far, `addr add ${beyond.host}/30 dev far`);
    ip("-n", far, "link set far up");
    ip("-n", far, "route add default via", beyond.router);
    ip(`route add ${beyond.host}/32 via`, near.router);
    ip("netns exec", router, "sysctl -qw net.ipv4.ip_forward=1");
    return undefined;
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
}

function tearDown(): void {
  for (const step of undo.splice(0)) {
    try {
      step();
    } catch {
      // it was never made
    }
  }
}

const obstacle = build();
if (obstacle !== undefined) {
  tearDown();
  console.log(`Skipped: links cut between network namespaces (${obstacle}).`);
}

describe.skipIf(obstacle !== undefined)("a link cut between hosts", () => {
  afterAll(tearDown);

  test.each(["small messages", "waiting"])(
    "amid %s is a lost peer on both sides within 10 s",
    async (scenario) => {
      const ranks = await RankProcesses.start(scenario, 3, {
        host: near.host,
        wrap: (rank, command) => (rank === 2 ? ["ip", "netns", "exec", far, ...command] : command),
      });
      try {
        await new Promise((resolve) => setTimeout(resolve, 500));
        const cut = Date.now();
        ip("-n", router, "link set", beyond.link, "down");
        const waiting = scenario === "waiting" ? [1, 2] : [0, 1, 2];
        for (const { rank, name, message, at } of await ranks.all("failed", waiting, 40)) {
          expect(name, message).toBe("PeerLostError");
          expect(message).toMatch(rank === 2 ? /^Rank [01] / : /^Rank 2 /);
          expect(at - cut).toBeLessThan(10_000);
        }
      } finally {
        await ranks[Symbol.asyncDispose]();
        ip("-n", router, "link set", beyond.link, "up");
      }
    },
    300_000,
  );
});
