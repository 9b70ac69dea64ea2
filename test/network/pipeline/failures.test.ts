import { beforeAll, describe, expect, it } from "vitest";
import { AptsError } from "../../../src/errors.js";
import type { Evaluator } from "../../../src/network/evaluator.js";
import { randomTheta, wasm } from "../../helpers/network/networks.js";
import { batchFor, NETWORKS } from "../../helpers/network/staged-networks.js";
import { onStages, wholeNetwork } from "../../helpers/network/stages.js";

beforeAll(async () => {
  await wasm();
});

const make = NETWORKS["dense layers"]!;

/** Fails in its `count`-th call of `method`. */
function failing(evaluator: Evaluator, method: "forward" | "gradient", count: number): Evaluator {
  let calls = 0;
  return new Proxy(evaluator, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown;
      if (typeof value !== "function") return value;
      const bound = value.bind(target) as (...args: unknown[]) => unknown;
      if (key !== method) return bound;
      return (...args: unknown[]) =>
        ++calls === count ? Promise.reject(new Error("out of luck")) : bound(...args);
    },
  });
}

describe("a rank that fails", () => {
  it.each([
    ["forward", 0, "forward", 3],
    ["forward, between others", 1, "forward", 2],
    ["backward", 1, "gradient", 2],
    ["backward, at the end of the pipeline", 2, "gradient", 3],
    ["in a local solve", 1, "gradient", 6],
    ["in another replica", 4, "gradient", 2],
  ] as const)("%s makes all others fail by name at once", async (_, rank, method, count) => {
    const { dimension } = (await wholeNetwork(make)).space;
    const theta = randomTheta(dimension, 3);
    const disturb = (evaluator: Evaluator, of: number) =>
      of === rank ? failing(evaluator, method, count) : evaluator;
    const errors = await onStages(make, 3, { replicas: 2, disturb }, async ({ comm, network, part }) => {
      const x = part(theta);
      const g = new Float32Array(x.length);
      const problem = network.problem("all", batchFor(network));
      const step = async () => {
        const f = await problem.objective.gradient(x, g);
        await problem.prepareLocal({ x, f, g });
        const local = problem.local(0, { x, f, g });
        await local.gradient(x, g);
        await problem.objective.value(x);
      };
      await comm.barrier();
      try {
        await step();
        await step();
        return undefined;
      } catch (error) {
        await comm.close(); // as the process that ends
        return error as Error;
      }
    });
    for (const [of, error] of errors.entries()) {
      if (of === rank) expect(error?.message).toBe("out of luck");
      else {
        expect(error).toBeInstanceOf(AptsError);
        expect(error?.name).toMatch(/^(PeerLostError|CommunicatorClosedError)$/);
      }
    }
  });
});
