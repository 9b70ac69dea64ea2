import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HostTree } from "../../launcher/agent/protocol.js";
import { startTrees } from "../../launcher/hosts.js";

const hostsOf = (tree: HostTree): string[] => [tree.host, ...tree.children.flatMap(hostsOf)];
const depth = (trees: readonly HostTree[]): number =>
  trees.length === 0 ? 0 : 1 + Math.max(...trees.map((tree) => depth(tree.children)));

describe("startTrees", () => {
  it("reaches each host once, from a parent with at most fanOut children, in a shallow tree", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 2, max: 32 }), (count, fanOut) => {
        const names = Array.from({ length: count }, (_, index) => `h${index}`);
        const trees = startTrees(names, fanOut);
        const widths = (list: readonly HostTree[]): number[] => [
          list.length,
          ...list.flatMap((tree) => widths(tree.children)),
        ];
        expect(trees.flatMap(hostsOf)).toEqual(names);
        expect(Math.max(...widths(trees))).toBeLessThanOrEqual(fanOut);
        expect(depth(trees)).toBeLessThanOrEqual(Math.ceil(Math.log(count + 1) / Math.log(fanOut)) + 1);
      }),
    );
  });

  it("makes a chain with a fan-out of one", () => {
    expect(depth(startTrees(["a", "b", "c"], 1))).toBe(3);
  });
});
