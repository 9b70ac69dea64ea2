import { describe, expect, it } from "vitest";
import type { Communicator } from "../../src/comm/index.js";
import { minimise, type MinimiseRequest, type PlainFunction } from "../../src/index.js";
import { Random } from "../../src/random.js";
import { onGroup } from "../helpers/comm/groups.js";
import { expectSameBits } from "../helpers/same-bits.js";

const FEATURES = 5;
const SAMPLES = 240;
const random = new Random(5);
const samples = Array.from({ length: SAMPLES }, () => {
  const x = Array.from({ length: FEATURES }, () => 2 * random.uniform() - 1);
  return { x, y: x[0]! - x[1]! + 0.6 * (random.uniform() - 0.5) > 0 ? 1 : -1 };
});

/** The mean logistic loss over `rows`, as their share of all samples' mean, and of ‖w‖²/200. */
function logistic(rows: typeof samples): PlainFunction {
  const share = rows.length / SAMPLES;
  return (w, gradient) => {
    gradient?.set(w.map((value) => 0.01 * share * value));
    let f = w.reduce((sum, value) => sum + 0.005 * share * value ** 2, 0);
    for (const { x, y } of rows) {
      const margin = y * x.reduce((sum, value, j) => sum + value * w[j]!, 0);
      f += Math.log1p(Math.exp(-margin)) / SAMPLES;
      if (gradient)
        x.forEach((value, j) => (gradient[j]! += (-y * value) / (1 + Math.exp(margin)) / SAMPLES));
    }
    return f;
  };
}

const PARTS = 8;
const inParts: PlainFunction = (w, gradient, part) =>
  logistic(samples.filter((_, i) => i % PARTS === part))(w, gradient, 0);
const ORIGIN = new Array<number>(FEATURES).fill(0);

const VARIANTS: readonly MinimiseRequest[] = [
  { method: "lbfgs" },
  { method: "tr", direction: "l-sr1", maxRadius: 10 },
  { method: "apts", direction: "l-sr1", subdomains: 3, localSteps: 2 },
  { method: "apts", subdomains: 5 },
  { method: "apts-d", subdomains: 3 },
  { method: "adam", learningRate: 0.05 },
  { method: "lbfgs", parts: 2 },
];

describe.each(VARIANTS.map((options) => ({ title: Object.values(options).join(" "), options })))(
  "$title",
  ({ options }) => {
    const all = { parts: PARTS, ...options, maxIterations: 40 };

    it("has the same bits on 1, 2 and 3 ranks and alone", async () => {
      const alone = await minimise(inParts, ORIGIN, all);
      for (const ranks of [1, 2, 3]) {
        const results = await onGroup("memory", ranks, (comm) => minimise(inParts, ORIGIN, { ...all, comm }));
        for (const result of results) expectSameBits(result, alone);
      }
    });
  },
);

/** Newton's method in float64, the reference. */
function newton(): number[] {
  const w = new Float64Array(FEATURES);
  for (let step = 0; step < 30; step++) {
    const g = w.map((value) => 0.01 * value);
    const H = Array.from({ length: FEATURES }, (_, j) => ORIGIN.map((_, k) => (j === k ? 0.01 : 0)));
    for (const { x, y } of samples) {
      const p = 1 / (1 + Math.exp(y * x.reduce((sum, value, j) => sum + value * w[j]!, 0)));
      x.forEach((a, j) => {
        g[j]! -= (y * p * a) / SAMPLES;
        x.forEach((b, k) => (H[j]![k]! += (p * (1 - p) * a * b) / SAMPLES));
      });
    }
    solveInPlace(H, g).forEach((value, j) => (w[j]! -= value));
  }
  return [...w];
}

function solveInPlace(A: number[][], b: Float64Array): Float64Array {
  for (let k = 0; k < b.length; k++) {
    for (let i = 0; i < b.length; i++) {
      if (i === k) continue;
      const factor = A[i]![k]! / A[k]![k]!;
      A[k]!.forEach((value, j) => (A[i]![j]! -= factor * value));
      b[i]! -= factor * b[k]!;
    }
  }
  return b.map((value, k) => value / A[k]![k]!);
}

describe("parts that only their ranks know", () => {
  const own = ({ rank, size }: Communicator): PlainFunction =>
    logistic(samples.filter((_, i) => i % size === rank));

  it.each([1, 2, 3])("are summed over %i ranks: the minimum of all samples", async (ranks) => {
    const exact = newton();
    const results = await onGroup("memory", ranks, (comm) => minimise(own(comm), ORIGIN, { comm }));
    for (const { x, ended } of results) {
      expect(["converged", "stalled"]).toContain(ended);
      x.forEach((value, j) => {
        expect(Math.abs(value - exact[j]!)).toBeLessThan(2e-4);
      });
    }
    for (const result of results) expectSameBits(result, results[0]);
  });

  it("are not enough for subdomains", async () => {
    const refused = await onGroup("memory", 2, (comm) =>
      minimise(own(comm), ORIGIN, { comm, method: "apts" }).catch(String),
    );
    for (const error of refused) expect(error).toMatch(/Expected parts with method apts on 2 ranks/);
  });
});

describe("ranks", () => {
  it("must start alike, and be told alike", async () => {
    for (const differ of [
      ({ rank }: Communicator) => ({ x0: ORIGIN.map(() => rank) }),
      ({ rank }: Communicator) => ({ options: { tolerance: rank } }),
      ({ rank }: Communicator) => ({ options: { pairs: rank + 1 } }),
      ({ rank }: Communicator) => ({ options: { parts: 2 + rank } }),
    ]) {
      const refused = await onGroup("memory", 3, (comm) => {
        const { x0 = ORIGIN, options = {} } = differ(comm) as { x0?: number[]; options?: MinimiseRequest };
        return minimise(inParts, x0, { ...options, comm }).catch(String);
      });
      for (const error of refused)
        expect(error).toMatch(/the same x0 and options on all ranks, but rank 1 has others than rank 0/);
    }
  });

  it("stop together, whoever says so; a callback's error is its own rank's", async () => {
    const broken = new Error("broken");
    const results = await onGroup("memory", 3, (comm) =>
      minimise(inParts, ORIGIN, {
        comm,
        parts: PARTS,
        onIteration: ({ iteration }) => {
          if (comm.rank === 1 && iteration === 2) throw broken;
        },
      }).catch((error: unknown) => error),
    );
    expect(results[1]).toBe(broken);
    for (const rank of [0, 2]) expect(results[rank]).toMatchObject({ iterations: 2, ended: "stopped" });
  });

  it("all say what one of them did not write", async () => {
    const refused = await onGroup("memory", 2, (comm) =>
      minimise(
        (x, gradient) => {
          if (comm.rank === 0) gradient?.set(x);
          return 1;
        },
        ORIGIN,
        { comm },
      ).catch(String),
    );
    for (const error of refused) expect(error).toMatch(/Expected f\(x, gradient\) to write the gradient/);
  });
});
