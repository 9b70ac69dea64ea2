import { describe, expect, it } from "vitest";
import { createLocalGroup, selfCommunicator } from "../../src/comm/connect.js";
import { Agreement, type Wish } from "../../src/run/wishes.js";

/** Computes for so many milliseconds. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("Agreement between steps", () => {
  it("comes after every step where steps are long", async () => {
    const agreement = new Agreement(selfCommunicator());
    let asked = 0;
    for (let step = 0; step < 4; step++) {
      work(12);
      await agreement.afterStep(() => (asked++, "go on"), step);
    }
    expect(asked).toBe(4);
  });

  it("grants a rank alone its wish at once, however short steps are", async () => {
    const agreement = new Agreement(selfCommunicator());
    for (let step = 0; step < 1000; step++) await agreement.afterStep(() => "go on", step);
    expect(await agreement.afterStep(() => "stop", 0)).toBe("stop");
  });

  it("comes seldom where steps are short, and is the same on all ranks", async () => {
    const ranks = createLocalGroup(3);
    const asked = ranks.map(() => 0);
    const stopped = await Promise.all(
      ranks.map(async (comm, rank) => {
        const agreement = new Agreement(comm);
        for (let step = 1; ; step++) {
          const wish = (): Wish => {
            asked[rank]!++;
            return rank === 1 && step >= 500 ? "stop" : "go on";
          };
          if ((await agreement.afterStep(wish, 1 / step)) === "stop") return step;
        }
      }),
    );
    expect(new Set(stopped).size).toBe(1);
    expect(stopped[0]).toBeGreaterThanOrEqual(500);
    expect(new Set(asked).size).toBe(1);
    expect(asked[0]).toBeLessThan(stopped[0]!);
  });

  it("ends the run on all ranks where one has other losses, be it by a bit", async () => {
    const ended = await Promise.allSettled(
      createLocalGroup(3).map((comm, rank) =>
        new Agreement(comm).afterStep(() => "go on", rank === 2 ? 1 + 2 ** -52 : 1),
      ),
    );
    for (const { status } of ended) expect(status).toBe("rejected");
    for (const one of ended)
      expect(String((one as PromiseRejectedResult).reason)).toMatch(/^AptsError: Expected the same losses/);
  });
});
