import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Host } from "../../launcher/host.js";
import { place, type PlacementRules } from "../../launcher/placement.js";
import { UsageError } from "../../src/errors.js";

const host = (name: string, cpus: number, more: { slots?: number; gpus?: string[] } = {}): Host => ({
  name,
  ...(more.slots === undefined ? {} : { slots: more.slots }),
  inventory: { cpus: Array.from({ length: cpus }, (_, cpu) => cpu), gpus: more.gpus ?? [] },
});
const rules = (more: Partial<PlacementRules> = {}): PlacementRules => ({
  mapBy: "slot",
  bind: true,
  ...more,
});
const hostsOf = (hosts: Host[], more?: Partial<PlacementRules>): string =>
  place(hosts, rules(more))
    .map((placement) => placement.host)
    .join(" ");

describe("place", () => {
  const two = [host("a", 8, { slots: 3 }), host("b", 8, { slots: 2 })];

  it("fills one host before the next by slot, and deals in turn by node", () => {
    expect(hostsOf(two)).toBe("a a a b b");
    expect(hostsOf(two, { ranks: 4 })).toBe("a a a b");
    expect(hostsOf(two, { mapBy: "node" })).toBe("a b a b a");
    expect(hostsOf(two, { ranks: 3, mapBy: "node" })).toBe("a b a");
  });

  it("starts one rank per GPU where there are GPUs, else one per core", () => {
    expect(hostsOf([host("gpu", 16, { gpus: ["0", "1"] }), host("cpu", 3)])).toBe("gpu gpu cpu cpu cpu");
  });

  it("puts the asked number on each host", () => {
    expect(hostsOf(two, { ranksPerHost: 2 })).toBe("a a b b");
    expect(hostsOf(two, { ranksPerHost: 2, ranks: 3 })).toBe("a a b");
  });

  it("takes the slots of a host file as a limit, and what the machine has as none", () => {
    expect(() => place(two, rules({ ranks: 6 }))).toThrow(
      "Expected --ranks to be at most 5, the slots of all hosts (a: 3, b: 2), got 6.",
    );
    expect(() => place(two, rules({ ranksPerHost: 3 }))).toThrow(/b has slots=2/);
    expect(hostsOf([host("here", 2)], { ranks: 5 })).toBe("here here here here here");
    expect(hostsOf([host("a", 1, { slots: 1 }), host("b", 1), host("c", 1)], { ranks: 6 })).toBe(
      "a b b b c c",
    );
  });

  it("gives ranks GPUs in turn", () => {
    const placements = place([host("gpu", 8, { gpus: ["4", "7"] })], rules({ ranks: 3 }));
    expect(placements.map(({ gpu }) => gpu)).toEqual(["4", "7", "4"]);
  });

  it("counts the time a control group allows, and binds nobody to CPUs that others of the host use, too", () => {
    const within = (cpuQuota: number): Host => {
      const { inventory } = host("", 8);
      return { name: "container", inventory: { ...inventory, cpuQuota } };
    };
    const shapes = (quota: number, ranks?: number) =>
      place([within(quota)], rules({ ranks })).map(({ cores, cpus }) => [cores, cpus?.length]);
    expect(shapes(0.5)).toEqual([[1, undefined]]);
    expect(shapes(2.5)).toEqual([
      [1, undefined],
      [1, undefined],
    ]);
    expect(shapes(7, 2)).toEqual([
      [3, undefined],
      [3, undefined],
    ]);
    expect(shapes(8, 2)).toEqual([
      [4, 4],
      [4, 4],
    ]);
  });

  it("binds ranks that share a host to cores of their own, if there are enough and it is wanted", () => {
    const cpusOf = (cpus: number, more: Partial<PlacementRules>): (readonly number[] | undefined)[] =>
      place([host("here", cpus)], rules(more)).map((placement) => placement.cpus);
    expect(cpusOf(7, { ranks: 3 })).toEqual([
      [0, 1],
      [2, 3],
      [4, 5], // as many as the others: a result may depend on the number of threads
    ]);
    expect(cpusOf(4, { ranks: 1 })).toEqual([undefined]);
    expect(cpusOf(2, { ranks: 3 })).toEqual([undefined, undefined, undefined]);
    expect(cpusOf(4, { ranks: 2, bind: false })).toEqual([undefined, undefined]);
  });

  const anyHosts = fc
    .array(
      fc.record({
        cpus: fc.integer({ min: 1, max: 16 }),
        slots: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        gpus: fc.integer({ min: 0, max: 4 }),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((hosts) =>
      hosts.map(({ cpus, slots, gpus }, index) =>
        host(`h${index}`, cpus, {
          ...(slots === undefined ? {} : { slots }),
          gpus: Array.from({ length: gpus }, (_, gpu) => String(gpu)),
        }),
      ),
    );
  const anyRules = fc.record({
    ranks: fc.integer({ min: 1, max: 60 }),
    mapBy: fc.constantFrom("slot" as const, "node" as const),
    bind: fc.boolean(),
  });

  it("numbers every rank once, local ranks from 0 on each host, and keeps to the slots", () => {
    fc.assert(
      fc.property(anyHosts, anyRules, (hosts, wanted) => {
        let placements;
        try {
          placements = place(hosts, wanted);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          return;
        }
        expect(placements.map(({ rank }) => rank)).toEqual(Array.from({ length: wanted.ranks }, (_, r) => r));
        for (const { name, slots } of hosts) {
          const local = placements.filter((placement) => placement.host === name);
          expect(local.map(({ localRank }) => localRank)).toEqual(local.map((_, index) => index));
          expect(local.every(({ localSize }) => localSize === local.length)).toBe(true);
          expect(local.length).toBeLessThanOrEqual(slots ?? Infinity);
          const bound = local.flatMap(({ cpus }) => cpus ?? []);
          expect(new Set(bound).size).toBe(bound.length);
        }
      }),
    );
  });
});
