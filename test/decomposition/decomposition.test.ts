import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decomposition } from "../../src/decomposition/decomposition.js";
import type { TensorSlot } from "../../src/network/layout.js";
import { balancedCuts, byLayers } from "../../src/decomposition/layers.js";
import { byNeurons } from "../../src/decomposition/neurons.js";
import { byTensors } from "../../src/decomposition/tensors.js";
import { UsageError } from "../../src/errors.js";

/** Dense layers of the given widths: a kernel and a bias each. */
function dense(widths: readonly number[]): TensorSlot[] {
  const slots: TensorSlot[] = [];
  let offset = 0;
  for (let layer = 1; layer < widths.length; layer++) {
    for (const shape of [[widths[layer - 1]!, widths[layer]!], [widths[layer]!]]) {
      const size = shape.reduce((a, b) => a * b, 1);
      slots.push({ name: `${layer}`, shape, offset, size, layer });
      offset += size;
    }
  }
  return slots;
}

/** Σ R_iᵀ R_i = I and R_i R_jᵀ = 0: every entry has exactly one owner. */
function expectPartition({ dimension, subdomains }: Decomposition): void {
  const owners = new Int32Array(dimension);
  for (const { runs } of subdomains)
    for (const { start, end } of runs) for (let i = start; i < end; i++) owners[i]!++;
  expect(owners.every((count) => count === 1)).toBe(true);
}

const networks = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 }).map(dense);

describe("every decomposition", () => {
  it("owns every parameter exactly once; restrict and prolong are inverse", () => {
    fc.assert(
      fc.property(
        networks,
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.nat()),
        (slots, wanted, order) => {
          const layers = new Set(slots.map((slot) => slot.layer)).size;
          const shuffle = slots
            .map((_, i) => [order.next().value as number, i] as const)
            .sort((a, b) => a[0] - b[0]);
          const widest = Math.max(...slots.map((slot) => slot.shape.at(-1)!));
          for (const decomposition of [
            byTensors(
              slots,
              Math.min(wanted, slots.length),
              shuffle.map(([, i]) => i),
            ),
            byLayers(slots, Math.min(wanted, layers)),
            byNeurons(slots, Math.min(wanted, widest)),
          ]) {
            expectPartition(decomposition);
            const theta = Float32Array.from({ length: decomposition.dimension }, (_, i) => i + 1);
            const sum = new Float32Array(decomposition.dimension);
            for (const R of decomposition.subdomains) R.prolong(R.restrict(theta), sum);
            expect(sum).toEqual(theta);
          }
        },
      ),
    );
  });
});

describe("tensors", () => {
  it("deals about M/N tensors to each subdomain", () => {
    const slots = dense([784, 32, 32, 10]);
    const { subdomains } = byTensors(slots, 4, [5, 4, 3, 2, 1, 0]);
    expect(subdomains.map((R) => R.size)).toEqual([10 + 32, 320 + 784 * 32, 32, 32 * 32]);
  });

  it("refuses more subdomains than tensors", () => {
    expect(() => byTensors(dense([3, 2]), 3, [0, 1])).toThrow(UsageError);
    expect(() => byTensors(dense([3, 2]), 3, [0, 1])).toThrow(/at most 2 subdomains.*got 3/);
  });
});

describe("layers", () => {
  it("refuses more subdomains than layers", () => {
    expect(() => byLayers(dense([3, 2, 2]), 3)).toThrow(/at most 2 subdomains/);
  });

  it("cuts where the largest run is smallest (against all cuts)", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(weights, fc.nat(), (w, k) => {
        const parts = 1 + (k % w.length);
        const cuts = balancedCuts(w, parts);
        expect(cuts).toHaveLength(parts + 1);
        expect(cuts.every((cut, i) => i === 0 || cut > cuts[i - 1]!)).toBe(true);
        expect(largestRun(w, cuts)).toBe(bestByTrying(w, parts));
      }),
    );
  });
});

describe("neurons", () => {
  it("gives each subdomain an equal slice of every tensor", () => {
    const { subdomains } = byNeurons(dense([784, 32, 32, 10]), 2);
    expect(subdomains.map((R) => R.size)).toEqual([26506 / 2, 26506 / 2]);
  });

  it("refuses a subdomain that would own nothing", () => {
    expect(() => byNeurons(dense([3, 2]), 3)).toThrow(/at most 2 subdomains/);
  });
});

function largestRun(w: readonly number[], cuts: readonly number[]): number {
  return Math.max(...cuts.slice(1).map((to, i) => w.slice(cuts[i], to).reduce((a, b) => a + b, 0)));
}

function bestByTrying(w: readonly number[], parts: number): number {
  if (parts === 1) return w.reduce((a, b) => a + b, 0);
  let best = Infinity;
  for (let first = 1; first <= w.length - parts + 1; first++) {
    const head = w.slice(0, first).reduce((a, b) => a + b, 0);
    best = Math.min(best, Math.max(head, bestByTrying(w.slice(first), parts - 1)));
  }
  return best;
}
