import { beforeAll, describe, expect, it } from "vitest";
import type { tf } from "../../../src/compute/tensorflow.js";
import type { Evaluator } from "../../../src/network/evaluator.js";
import { randomTheta, wasm } from "../../helpers/network/networks.js";
import { batchFor, MICRO_BATCHES, NETWORKS } from "../../helpers/network/staged-networks.js";
import { onStages, wholeNetwork } from "../../helpers/network/stages.js";

beforeAll(async () => {
  await wasm();
});

const make = NETWORKS["dense layers"]!;
const STAGES = 3;

/** What was placed for an evaluator and is still there, and the most there ever was. */
class Placed {
  readonly #all: tf.Tensor[] = [];
  most = 0;

  get now(): number {
    return this.#all.filter((tensor) => !tensor.isDisposed).length;
  }

  watch(evaluator: Evaluator): Evaluator {
    return new Proxy(evaluator, {
      get: (target, key) => {
        const value = Reflect.get(target, key, target) as unknown;
        if (typeof value !== "function") return value;
        const bound = value.bind(target) as (...args: unknown[]) => unknown;
        if (key !== "place") return bound;
        return (...args: unknown[]) => {
          const tensor = bound(...args) as tf.Tensor;
          this.#all.push(tensor);
          this.most = Math.max(this.most, this.now);
          return tensor;
        };
      },
    });
  }
}

describe("the inputs of micro-batches", () => {
  it.each([
    ["of at most N − s of them are held by stage s", false],
    ["of all are kept, with their cotangents, for local problems of one gradient", true],
  ])("%s", async (_, solvesLocally) => {
    const { dimension } = (await wholeNetwork(make)).space;
    const theta = randomTheta(dimension, 3);
    const placed = Array.from({ length: STAGES }, () => new Placed());
    const disturb = (evaluator: Evaluator, rank: number) => placed[rank]!.watch(evaluator);
    await onStages(make, STAGES, { solvesLocally, disturb }, async ({ network, part, stage }) => {
      const x = part(theta);
      const own = placed[stage]!;
      const inputs = stage === 0 ? 0 : 1;
      const cotangents = stage === STAGES - 1 ? 0 : 1;
      const kept = solvesLocally ? MICRO_BATCHES * (inputs + cotangents) : 0;
      const batch = batchFor(network);
      for (const key of ["one", "other"]) {
        const { objective } = network.problem(key, batch);
        await objective.gradient(x, new Float32Array(x.length));
        expect(own.now).toBe(kept);
        await objective.value(x);
        expect(own.now).toBe(kept);
      }
      if (!solvesLocally) expect(own.most).toBe((STAGES - stage) * inputs + cotangents);
    });
  });
});
