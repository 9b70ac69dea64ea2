import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pace } from "../../src/track/pace.js";

/** Steps of so many milliseconds each, and what each work takes when it is done. Says which steps were due. */
async function run(steps: readonly number[], took: (step: number) => number) {
  let now = 0;
  const pace = new Pace(() => now);
  const works: { readonly step: number; readonly began: number; readonly took: number }[] = [];
  for (const [step, length] of steps.entries()) {
    now += length;
    await pace.whenDue(() => {
      works.push({ step, began: now, took: took(step) });
      now += took(step);
      return Promise.resolve();
    });
  }
  return { works, elapsed: now };
}

describe("the pace of steps", () => {
  it("keeps works to a hundredth of the time, but for the last one, whatever they take", async () => {
    const times = fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(times, times, async (steps, costs) => {
        const { works } = await run(steps, (step) => costs[step % costs.length]!);
        let spent = 0;
        for (const { began, took } of works) {
          expect(spent).toBeLessThanOrEqual(0.01 * began + 1e-9 * began);
          spent += took;
        }
        expect(works[0]!.step).toBe(0);
      }),
    );
  });

  it("takes steps ever more seldom, in equal parts of the time so far", async () => {
    const day = 24 * 3600 * 10; // in steps of 0.1 s
    const { works } = await run(new Array<number>(day).fill(100), () => 0.1);
    expect(works.length).toBeLessThan(20_000);
    const inSecondHalf = works.filter(({ step }) => step >= day / 2).length;
    expect(inSecondHalf).toBeGreaterThan(600); // 1000 ln 2
    expect(inSecondHalf).toBeLessThan(750);
  });

  it("goes on after a work that failed", async () => {
    let now = 0;
    const pace = new Pace(() => now);
    await expect(pace.whenDue(() => Promise.reject(new Error("full")))).rejects.toThrow("full");
    let done = false;
    now = 1;
    await pace.whenDue(() => Promise.resolve(void (done = true)));
    expect(done).toBe(true);
  });
});
