import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { rankList, SameLines, type SharedLine } from "../../launcher/same-lines.js";
import { deferred } from "../../launcher/waiting.js";
import { temporaryFolder } from "../helpers/apts.js";
import { cli, mark, programOf } from "../helpers/launcher/launcher.js";

/** What is shown of these (rank, line), said one after another. */
async function shown(said: readonly (readonly [rank: number, line: string])[]): Promise<SharedLine[]> {
  const lines: SharedLine[] = [];
  const merger = new SameLines((group) => Promise.resolve(lines.push(...group)));
  for (const [rank, line] of said) await merger.add(rank, "n1", "stdout", line);
  await merger.flush();
  return lines;
}

const summary = (lines: readonly SharedLine[]): string[] =>
  lines.map(({ line, speakers }) => `[${rankList([...speakers.keys()])}] ${line}`);

describe("SameLines", () => {
  it("shows a line of many ranks once, whatever they say in between", async () => {
    const ranks = Array.from({ length: 64 }, (_, rank) => rank);
    const said = ranks.flatMap((rank): [number, string][] => [
      [rank, "careful"],
      [rank, `I am ${rank % 32}`],
    ]);
    expect(summary(await shown(said)).slice(0, 3)).toEqual([
      "[0-63] careful",
      "[0,32] I am 0",
      "[1,33] I am 1",
    ]);
    const warnings = ranks.map((rank): [number, string] => [rank, `(node:${4000 + rank}) Warning: careful`]);
    expect(summary(await shown(warnings))).toEqual(["[0-63] (node:4000) Warning: careful"]);
  });

  it("does not take a line for one that its rank said in another order", async () => {
    const said: [number, string][] = [
      [0, "a"],
      [0, "b"],
      [1, "b"],
      [1, "a"],
      [0, "b"],
    ];
    expect(summary(await shown(said))).toEqual(["[0] a", "[0-1] b", "[1] a", "[0] b"]);
  });

  it("loses nothing, and shows each rank's lines in the order in which it said them", async () => {
    const says = fc.array(fc.tuple(fc.nat(4), fc.constantFrom("a", "b", "c", "d")), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(says, async (said) => {
        const lines = await shown(said);
        for (let rank = 0; rank <= 4; rank++) {
          const own = lines.filter(({ speakers }) => speakers.has(rank));
          expect(own.map(({ line }) => line)).toEqual(
            said.filter(([r]) => r === rank).map(([, line]) => line),
          );
        }
      }),
    );
  });

  it("shows a line without being asked to, and tells who adds the next that it could not", async () => {
    const seen = deferred<readonly SharedLine[]>();
    const merger = new SameLines((group) => {
      seen.resolve(group);
      return Promise.reject(new Error("nobody reads"));
    });
    await merger.add(0, "n1", "stderr", "a");
    expect(summary(await seen.promise)).toEqual(["[0] a"]);
    await new Promise(setImmediate);
    await expect(merger.add(0, "n1", "stderr", "b")).rejects.toThrow("nobody reads");
    await expect(merger.flush()).rejects.toThrow("nobody reads");
  });
});

it("lists ranks in runs", () => {
  expect(rankList([3, 1, 2, 7])).toBe("1-3,7");
  expect(rankList([0])).toBe("0");
});

/** The output of four ranks that run this shell command. */
async function outputOf(script: string, environment: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [cli, "-n", "4", "--", "bash", "-c", script], { env });
  onTestFinished(() => void child.kill("SIGKILL"));
  return text(child.stdout);
}

it("four real ranks: the same line once, other lines each", async () => {
  const folder = temporaryFolder();
  const marks = mark();
  const all = (what: string): Promise<void> =>
    expect
      .poll(() => readdirSync(folder).filter((name) => name.startsWith(what)), { timeout: 60_000 })
      .toHaveLength(4);
  const ready = `cd ${folder}; touch ready-$APTS_RANK; until [ -e go ]; do sleep 0.02; done`;
  const output = outputOf(`${ready}; echo hello; echo I am $APTS_RANK; touch said-$APTS_RANK`, marks);
  // Heard at once, whenever the machine lets each of them speak: their agent sleeps meanwhile.
  await all("ready");
  const agent = programOf(marks, /agent\/main\.js$/);
  process.kill(agent, "SIGSTOP");
  writeFileSync(join(folder, "go"), "");
  await all("said");
  process.kill(agent, "SIGCONT");
  const [first, ...others] = (await output).trimEnd().split("\n");
  expect(first).toBe("[0-3] hello");
  expect(others.sort()).toEqual([0, 1, 2, 3].map((rank) => `[${rank}] I am ${rank}`));
});

it("nothing is lost of four real ranks' flood", async () => {
  const flood = await outputOf("seq -f r$APTS_RANK.%g 1 5000");
  const lines = flood.trimEnd().split("\n");
  for (const rank of [0, 1, 2, 3]) {
    const own = lines.filter((line) => line.startsWith(`[${rank}] `));
    expect(own).toEqual(Array.from({ length: 5000 }, (_, i) => `[${rank}] r${rank}.${i + 1}`));
  }
});
