import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../src/random.js";

const draws = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.bits());
const seeds = fc.maxSafeInteger();

/** sfc32 as published, on unsigned BigInts: slow and obviously right. */
function* sfc32(a: bigint, b: bigint, c: bigint): Generator<number> {
  const word = (x: bigint): bigint => x & 0xffffffffn;
  let counter = 1n;
  for (;;) {
    const t = word(a + b + counter);
    counter = word(counter + 1n);
    a = b ^ (b >> 9n);
    b = word(c + (c << 3n));
    c = word((word(c << 21n) | (c >> 11n)) + t);
    yield Number(t);
  }
}

describe("Random", () => {
  it("is sfc32", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = new Random(seed);
        const [k0, k1] = random.key;
        const reference = sfc32(BigInt(k0 >>> 0), BigInt(k1 >>> 0), 0x9e3779b9n);
        for (let i = 0; i < 15; i++) reference.next();
        for (let i = 0; i < 40; i++) expect(random.bits()).toBe(reference.next().value);
      }),
    );
  });

  it("never changes its numbers: runs are repeatable over versions", () => {
    expect(draws(new Random(0), 4)).toMatchInlineSnapshot(`
      [
        688134396,
        7112340,
        1573113862,
        2371032838,
      ]
    `);
    expect(draws(new Random(-1).fork("batches").fork(3), 4)).toMatchInlineSnapshot(`
      [
        2598187588,
        1453482438,
        2729945506,
        2918800956,
      ]
    `);
    expect(new Random(7).normal()).toMatchInlineSnapshot(`-0.39945445770127247`);
  });

  it("gives different streams for different seeds, also beyond 32 bits and below zero", () => {
    const several = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53) + 1];
    const first = several.map((seed) => draws(new Random(seed), 3).join());
    expect(new Set(first).size).toBe(several.length);
  });

  it("forks by name, whatever was drawn before", () => {
    fc.assert(
      fc.property(seeds, fc.string(), fc.nat(50), (seed, name, before) => {
        const used = new Random(seed);
        draws(used, before);
        expect(draws(used.fork(name), 5)).toEqual(draws(new Random(seed).fork(name), 5));
      }),
    );
  });

  it("gives every path of names its own stream", () => {
    const root = new Random(5);
    const streams = [
      root,
      root.fork(""),
      root.fork("a"),
      root.fork("ab"),
      root.fork("a").fork("b"),
      root.fork("a").fork(""),
      root.fork(1).fork(2),
      root.fork(12),
      root.fork(2).fork(1),
    ];
    expect(new Set(streams.map((stream) => draws(stream, 2).join())).size).toBe(streams.length);
  });

  it("does not collide over many forks", () => {
    const root = new Random(1);
    const seen = new Set<number>();
    for (let i = 0; i < 200_000; i++) {
      const [k0, k1] = root.fork(i).key;
      seen.add((k0 >>> 0) * 2 ** 21 + ((k1 >>> 0) & 0x1fffff));
    }
    expect(seen.size).toBe(200_000);
  });

  it("draws uniforms and normals with the right moments", () => {
    const random = new Random(3);
    const n = 200_000;
    const moments = (draw: () => number): { mean: number; variance: number; fourth: number } => {
      const values = Array.from({ length: n }, draw);
      const mean = values.reduce((a, b) => a + b) / n;
      const central = (power: number): number => values.reduce((a, b) => a + (b - mean) ** power, 0) / n;
      return { mean, variance: central(2), fourth: central(4) };
    };
    const uniform = moments(() => random.uniform(2, 5));
    expect(uniform.mean).toBeCloseTo(3.5, 1);
    expect(uniform.variance).toBeCloseTo(9 / 12, 1);
    const normal = moments(() => random.normal());
    expect(Math.abs(normal.mean)).toBeLessThan(0.01);
    expect(Math.abs(normal.variance - 1)).toBeLessThan(0.02);
    expect(Math.abs(normal.fourth - 3)).toBeLessThan(0.1);
  });

  it("draws whole numbers evenly and in range, up to 2^32", () => {
    const random = new Random(4);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400); // about four deviations
    expect(random.integer(1)).toBe(0);
    expect(random.integer(2 ** 32)).toBeLessThan(2 ** 32);
    for (const count of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN])
      expect(() => random.integer(count)).toThrow(RangeError);
  });

  it("shuffles into every order equally often", () => {
    const random = new Random(9);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffle(Int32Array.of(0, 1, 2, 3)).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(140);
  });

  it("refuses a seed that is not a whole number", () => {
    for (const seed of [1.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(() => new Random(seed)).toThrow(/Expected the seed to be a whole number/);
    }
  });
});
