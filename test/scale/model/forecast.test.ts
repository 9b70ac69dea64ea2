import { expect, test } from "vitest";

import { forecast, slowdownsOf } from "../../../src/scale/model/forecast.js";
import type { Network } from "../../../src/scale/model/links.js";
import type { Probe } from "../../../src/scale/model/probe.js";

const link = { latency: 1e-4, overhead: 1e-5, perByte: 1e-9 };
const network: Network = {
  name: "measured",
  ranksPerHost: 4,
  memory: false,
  sharedUplink: true,
  links: { memory: link, host: link, network: link },
};

/** What ranks that take `slower` times as long for evaluations tell. */
function probe(ranks: number, slower: number): Probe {
  return {
    ranks,
    network,
    samples: 6000,
    chunks: 24,
    parameters: 1000,
    gradient: 0.024 * slower,
    loss: 0.012 * slower,
    step: { seconds: 0.038 * slower, gradients: 1, losses: 1, pauses: [0], cores: 1 },
    solves: { sizes: [1000], seconds: [0] },
    walk: null,
  };
}

test("ranks that share cores slow each other down as probed, and on lines between", () => {
  expect(slowdownsOf([probe(1, 1), probe(2, 1.2), probe(4, 2)])).toEqual([1, 1.2, expect.closeTo(1.6, 9), 2]);
});

test("what is predicted of one rank is its step, of more their shares at their pace and their messages", () => {
  const counted = () => ({ decisions: 1, agreements: 0, sums: 2 });
  const found = forecast([probe(1, 1), probe(2, 1.5)], counted);
  expect(found.get(1)!.seconds).toBeCloseTo(0.038, 12);
  const two = found.get(2)!;
  expect(two.compute).toBeCloseTo(1.5 * (0.018 + 0.002), 12);
  // The exchange of 4008 bytes, that of 8, and the verdict.
  const frame = (bytes: number) => 1e-5 + 1e-9 * bytes;
  expect(two.moving).toBeCloseTo(3 * 1e-4 + frame(4008) + frame(8) + frame(64), 12);
});

test("decisions by gradients are told by themselves", () => {
  const searching = (ranks: number) => ({
    ...probe(ranks, 1),
    step: { seconds: 0.03, gradients: 1, losses: 0, pauses: [0], cores: 1 },
  });
  const moving = (decisions: number): number =>
    forecast([searching(1), searching(2)], () => ({ decisions, agreements: 0, sums: 1 })).get(2)!.moving;
  expect(moving(2) - moving(0)).toBeCloseTo(2 * (1e-4 + 1e-5 + 64e-9), 12);
});

test("solves of subdomains are shared whole, and only where a step has some", () => {
  const solving = (ranks: number, seconds: number) => ({
    ...probe(ranks, 1),
    step: { seconds: 0.05, gradients: 1, losses: 1, pauses: [0], cores: 1 },
    solves: { sizes: [250, 250, 250, 250], seconds: [5, 3, 2, 2].map((share) => (share / 12) * seconds) },
  });
  const of = (seconds: number) =>
    forecast([solving(1, seconds), solving(2, seconds)], () => ({ decisions: 0, agreements: 0, sums: 2 }));
  expect(of(0.012).get(1)!.seconds).toBeCloseTo(0.05, 12);
  // On two ranks the solves of the first and the third, half of the gradient and of the loss; the rest alike.
  expect(of(0.012).get(2)!.compute).toBeCloseTo(0.007 + 0.018 + 0.002, 12);
  expect(of(0).get(2)!.compute).toBeCloseTo(0.018 + 0.014, 12);
  expect(of(0).get(2)!.moving).toBeLessThan(of(0.012).get(2)!.moving);
});

test("walks of shards are shared whole", () => {
  const walk = { shards: 4, steps: 8, gradient: 1e-3, loss: 5e-4 };
  const alone = {
    ...probe(1, 1),
    step: { seconds: 0.05, gradients: 0, losses: 0, pauses: [0], cores: 1 },
    walk,
  };
  const found = forecast([alone, { ...alone, ranks: 2 }], () => ({ decisions: 0, agreements: 0, sums: 1 }));
  expect(found.get(1)!.seconds).toBeCloseTo(0.05, 12);
  expect(found.get(2)!.compute).toBeGreaterThan(0.025);
  expect(found.get(2)!.compute).toBeLessThan(0.026);
});

test("a short batch that every rank evaluates by itself takes no message but the verdict", () => {
  const short = (ranks: number) => ({ ...probe(ranks, 1), chunks: 1 });
  const two = forecast([short(1), short(2)], () => ({ decisions: 1, agreements: 0, sums: 0 })).get(2)!;
  expect(two.compute).toBeCloseTo(0.038, 12);
  expect(two.moving).toBeCloseTo(1e-4 + 1e-5 + 64e-9, 12);
});

test("pauses are added as they were probed, whatever ranks share and however they slow each other down", () => {
  const pausing = (ranks: number, pauses: number) => {
    const { step, ...others } = probe(ranks, ranks);
    return { ...others, step: { ...step, pauses: [pauses] } };
  };
  const of = (pauses: number) =>
    forecast([pausing(1, 0), pausing(2, pauses)], () => ({ decisions: 1, agreements: 0, sums: 2 })).get(2)!;
  expect(of(0.003).compute - of(0).compute).toBeCloseTo(0.003, 12);
  expect(of(1).bound).toBe("pauses of single ranks");
});

test("of ranks that share cores pauses are the shorter the less each has to compute", () => {
  const sharing = (pauses: number) => {
    const { step, ...others } = probe(2, 1);
    return { ...others, step: { ...step, pauses: [pauses], cores: 0.5 } };
  };
  const of = (pauses: number) =>
    forecast([probe(1, 1), sharing(pauses)], () => ({ decisions: 1, agreements: 0, sums: 2 })).get(2)!;
  // 18 ms of 36, and 2 that all do
  expect(of(0.003).compute - of(0).compute).toBeCloseTo((0.003 * 20) / 38, 12);
});
