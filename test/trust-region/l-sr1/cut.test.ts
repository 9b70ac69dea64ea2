import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Communicator } from "../../../src/comm/communicator.js";
import { wholeSpace } from "../../../src/linalg/space.js";
import type { Vector } from "../../../src/linalg/vector.js";
import type { Gram } from "../../../src/trust-region/l-sr1/gram.js";
import { obs } from "../../../src/trust-region/l-sr1/obs.js";
import {
  noPairs,
  restrictPairs,
  withPair,
  type Pair,
  type Pairs,
} from "../../../src/trust-region/l-sr1/pairs.js";
import { onGroup, openGroup } from "../../helpers/comm/groups.js";
import { expectSameBits } from "../../helpers/same-bits.js";
import { Cut, RANKS } from "../../helpers/trust-region/cut.js";
import { gaussian, instance, kinds, type Instance } from "../../helpers/trust-region/instances.js";
import { expectMinimiser } from "../../helpers/trust-region/optimality.js";

/** L-SR1 on vectors cut over ranks, against the same on whole ones. */

const MEMORY = 3;

/** Pairs of every sort in a row: of no order, of an indefinite quadratic, again, without a step, with one entry NaN. */
const offers = fc
  .record({
    n: fc.integer({ min: 1, max: 12 }),
    sorts: fc.array(fc.constantFrom("random", "quadratic", "again", "no step", "NaN"), { maxLength: 8 }),
    seed: fc.integer(),
  })
  .map(({ n, sorts, seed }) => {
    const normal = gaussian(seed);
    const vector = (): Vector => Float32Array.from({ length: n }, normal);
    const diagonal = vector();
    const offered: Pair[] = [];
    for (const [j, sort] of sorts.entries()) {
      const [s, y] = [vector(), vector()];
      if (sort === "NaN") y[j % n] = NaN;
      if (sort === "no step") s.fill(0);
      if (sort === "quadratic") y.set(s.map((value, i) => diagonal[i]! * value));
      offered.push(sort === "again" && j > 0 ? offered[j - 1]! : { s, y });
    }
    return { n, offered };
  });

function expectClose(actual: Gram, expected: Gram): void {
  const length = (of: Gram["ss"], i: number): number => Math.sqrt(of[i]![i]!);
  expected.ss.forEach((_, i) => {
    expected.ss.forEach((_, j) => {
      const { ss, sy, yy } = expected;
      const scale = {
        ss: length(ss, i) * length(ss, j),
        sy: length(ss, i) * length(yy, j),
        yy: length(yy, i) * length(yy, j),
      };
      expect(Math.abs(actual.ss[i]![j]! - ss[i]![j]!)).toBeLessThanOrEqual(1e-12 * scale.ss);
      expect(Math.abs(actual.sy[i]![j]! - sy[i]![j]!)).toBeLessThanOrEqual(1e-12 * scale.sy);
      expect(Math.abs(actual.yy[i]![j]! - yy[i]![j]!)).toBeLessThanOrEqual(1e-12 * scale.yy);
    });
  });
}

describe.each(RANKS)("cut over %i", (ranks) => {
  it.each(kinds)("finds the minimiser OBS finds of whole vectors: %s", async (kind) => {
    const made = [1e-3, 1, 1e3]
      .flatMap((radius) =>
        Array.from({ length: 10 }, (_, seed) =>
          instance(kind, 1 + ((3 * seed) % 11), seed % 6, seed, radius),
        ),
      )
      .filter((one) => one !== undefined);
    expect(made.length).toBeGreaterThan(10);
    const solve = async (comm: Communicator, { n, pairs, g, radius }: Instance) => {
      const cut = new Cut(n, comm);
      const { gamma } = pairs;
      const own = { ...(await restrictPairs(pairs, cut.space, cut.here)), gamma };
      const solution = (await obs(own, cut.space, cut.here.restrict(g), radius))!;
      return { ...solution, s: await cut.assemble(solution.s) };
    };
    const found = await onGroup("memory", ranks, async (comm) => {
      const solutions = [];
      for (const one of made) solutions.push(await solve(comm, one));
      return solutions;
    });
    for (const solutions of found) expectSameBits(solutions, found[0]);
    for (const [i, one] of made.entries()) {
      expectMinimiser(one, found[0]![i]!);
      if (ranks === 1)
        expectSameBits(found[0]![i], await obs(one.pairs, wholeSpace(one.n), one.g, one.radius));
    }
  });

  it("takes and skips the pairs it does of whole vectors, with their Gram matrices", async () => {
    const group = await openGroup("memory", ranks);
    /** The pairs after each one offered; slices assembled. */
    const onRank = async (comm: Communicator, offered: readonly Pair[], n: number) => {
      const cut = new Cut(n, comm);
      const after: Pairs[] = [];
      let pairs = noPairs;
      for (const { s, y } of offered) {
        const slices = { s: cut.here.restrict(s), y: cut.here.restrict(y) };
        pairs = await withPair(pairs, cut.space, MEMORY, slices);
        const [wholeS, wholeY] = [[], []] as [Vector[], Vector[]];
        for (const slice of pairs.s) wholeS.push(await cut.assemble(slice));
        for (const slice of pairs.y) wholeY.push(await cut.assemble(slice));
        after.push({ ...pairs, s: wholeS, y: wholeY });
      }
      return after;
    };
    await fc.assert(
      fc.asyncProperty(offers, async ({ n, offered }) => {
        const found = await Promise.all(group.map((comm) => onRank(comm, offered, n)));
        for (const after of found) expectSameBits(after, found[0]);
        let whole = noPairs;
        for (const [j, pair] of offered.entries()) {
          whole = await withPair(whole, wholeSpace(n), MEMORY, pair);
          const { s, y, gamma, gram } = found[0]![j]!;
          expectSameBits([s, y], [whole.s, whole.y]);
          expect(Math.abs(gamma - whole.gamma)).toBeLessThanOrEqual(1e-12 * whole.gamma);
          expectClose(gram, whole.gram);
          if (ranks === 1) expectSameBits(gram, whole.gram);
        }
      }),
      { numRuns: 100 },
    );
    await Promise.all(group.map((comm) => comm.close()));
  });
});
