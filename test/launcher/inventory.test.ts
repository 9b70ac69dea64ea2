import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { takeInventory } from "../../launcher/agent/inventory.js";
import { parseCpuList } from "../../src/host/cores.js";

describe("takeInventory", () => {
  it("finds the CPUs this process may use", () => {
    const { cpus } = takeInventory({}, "local");
    expect(new Set(cpus).size).toBe(availableParallelism());
    expect(parseCpuList("0-2,8,10-11")).toEqual([0, 1, 2, 8, 10, 11]);
  });

  it("knows where an ssh session comes from, and takes no other session for it", () => {
    const variables = { SSH_CONNECTION: "10.0.0.9 50000 10.0.0.2 22" };
    expect(takeInventory(variables, "ssh").reachedFrom).toBe("10.0.0.9");
    expect(takeInventory(variables, "local").reachedFrom).toBeUndefined();
  });
});
