import { describe, expect, test } from "vitest";

import { fitLine } from "../../../src/scale/model/fit.js";
import { evaluating, type Compute } from "../../../src/scale/model/iteration.js";
import { NETWORKS, withSoftware } from "../../../src/scale/model/networks.js";
import { endOfScaling, predict, RANKS } from "../../../src/scale/model/predict.js";

const compute: Compute = {
  gradient: { fixed: 1e-4, perSample: 2e-6 },
  loss: { fixed: 5e-5, perSample: 1e-6 },
  update: 3e-5,
};
const counts = { gradients: 1, losses: 1, decisions: 1, agreements: 1 };
const batch = (chunks: number) => ({ samples: 60_000, chunks, parameters: 26_506 });

describe("a line through timings", () => {
  test("is found where there is one", () => {
    const timings = [0, 64, 4096, 65_536, 1 << 20].map((bytes) => ({
      bytes,
      seconds: 7e-5 + 3e-10 * bytes,
    }));
    const { start, slope } = fitLine(timings);
    expect(start).toBeCloseTo(7e-5, 12);
    expect(slope).toBeCloseTo(3e-10, 16);
  });

  test("has no negative part", () => {
    expect(
      fitLine([
        { bytes: 0, seconds: 2 },
        { bytes: 100, seconds: 1 },
      ]).slope,
    ).toBe(0);
    expect(
      fitLine([
        { bytes: 100, seconds: 1 },
        { bytes: 200, seconds: 3 },
      ]).start,
    ).toBe(0);
    expect(fitLine([{ bytes: 8, seconds: 5 }])).toEqual({ start: 5, slope: 0 });
  });
});

describe("a prediction", () => {
  test("on one rank is what it computes", () => {
    const { seconds, moving } = predict(evaluating(batch(24), counts, compute), NETWORKS["100gbe"], 1);
    expect(seconds).toBeCloseTo(24 * (1.5e-4 + 2500 * 3e-6) + 3e-5, 12);
    expect(moving).toBe(0);
  });

  test("never computes longer on more ranks, nor moves less", () => {
    for (const network of Object.values(NETWORKS)) {
      const all = RANKS.map((ranks) => predict(evaluating(batch(4096), counts, compute), network, ranks));
      for (const [i, more] of all.slice(1).entries()) {
        expect(more.compute).toBeLessThanOrEqual(all[i]!.compute);
        // What is read from memory up to 16 ranks goes through trees beyond.
        if (more.ranks > 32) expect(more.moving).toBeGreaterThanOrEqual(all[i]!.moving);
      }
    }
  });

  test("is longer where links are slower", () => {
    const iteration = evaluating(batch(24), counts, compute);
    const network = NETWORKS.slingshot;
    const slow = withSoftware(network, { latency: 5e-5, overhead: 1e-5, perByte: 1e-9 });
    for (const ranks of RANKS.slice(1))
      expect(predict(iteration, slow, ranks).seconds).toBeGreaterThan(
        predict(iteration, network, ranks).seconds,
      );
  });

  test("names what ends the scaling", () => {
    const end = (chunks: number, parameters: number, update: number) =>
      endOfScaling(
        RANKS.map((ranks) =>
          predict(
            evaluating({ samples: 60_000, chunks, parameters }, counts, { ...compute, update }),
            NETWORKS["100gbe"],
            ranks,
          ),
        ),
      );
    expect(end(24, 1000, 1e-5)).toEqual({ ranks: 32, bound: "too few pieces of work: 24 (gradient)" });
    expect(end(4096, 1000, 1).bound).toBe("what every rank computes alike (update)");
    expect(end(4096, 50_000_000, 1e-5).bound).toBe("bandwidth of the sum (gradient)");
    expect(end(4096, 1000, 1e-5).bound).toBe("the decision of rank 0 (judged loss)");
  });

  test("counts that ranks of a host slow each other down", () => {
    const iteration = evaluating(batch(24), { ...counts, losses: 0, decisions: 0 }, compute);
    const network = NETWORKS["100gbe"];
    const alone = predict(iteration, network, 4);
    const together = predict(iteration, network, 4, [1, 1.1, 1.6, 2]);
    expect(together.compute).toBeCloseTo(2 * alone.compute, 12);
    expect(together.moving).toBe(alone.moving);
  });
});
