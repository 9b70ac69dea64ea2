import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { trainConfig } from "../../src/run/options/config.js";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { metrics, modelOf, weights } from "../helpers/run-folder.js";
import { run } from "../helpers/run/run.js";

const shards = { method: "apts-d", batches: 3, localBatch: 16 };

describe("apts-d", () => {
  it("trains alike on one rank and on three", async () => {
    const folder = temporaryFolder();
    const models = [];
    for (const ranks of ["1", "3"]) {
      const out = join(folder, ranks);
      const options = ["--method", "apts-d", "--subdomains", "3", "--epochs", "3", "--threads", "1"];
      const { code, stderr } = await runApts(["train", ...SMALL, ...options, "--ranks", ranks, "--out", out]);
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      models.push({
        model: modelOf(out),
        lines: metrics(out).map(({ seconds, bytesSent, ...line }) => line),
      });
    }
    expect(models[1]).toEqual(models[0]);
  });

  it.each([shards, { ...shards, localBatch: 0 }, { ...shards, batches: 1 }])(
    "goes on in the middle of a pass to the same bits: %j",
    async (options) => {
      const folder = temporaryFolder();
      const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
      await run(whole, { ...options, epochs: 4, batchesPerEpoch: 2 });
      await run(parts, { ...options, epochs: 2, batchesPerEpoch: 2 });
      await run(parts, { ...options, epochs: 4, batchesPerEpoch: 2 }, { beginning: "resume" });
      expect(weights(parts).equals(weights(whole))).toBe(true);
    },
  );

  it("is refused where the network is cut, by name", () => {
    const values = { method: "apts-d", ranks: 2, stages: 2 };
    expect(() => trainConfig([{ source: { kind: "program" }, values }], 2)).toThrow(
      "Expected a method that can train a network in stages, got apts-d, whose shards take the whole network.",
    );
  });

  it("counts a walk as one gradient, whatever its mini-batches", async () => {
    const folder = temporaryFolder();
    await run(folder, { ...shards, epochs: 2 });
    expect(metrics(folder).map((line) => line.gradientEvaluations)).toEqual([1, 2]);
  });
});
