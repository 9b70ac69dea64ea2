import { mkdtempSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCpuList, takeInventory, visibleGpus } from "../../launcher/agent/inventory.js";

describe("visibleGpus", () => {
  it("respects CUDA_VISIBLE_DEVICES as CUDA reads it", () => {
    const chosen = (value: string) => visibleGpus({ CUDA_VISIBLE_DEVICES: value }, "/nowhere");
    expect(chosen("2,0")).toEqual(["2", "0"]);
    expect(chosen("GPU-8932f937,MIG-1")).toEqual(["GPU-8932f937", "MIG-1"]);
    expect(chosen("1,-1,0")).toEqual(["1"]);
    expect(chosen(" 0, 1")).toEqual(["0", "1"]);
  });

  it.each(["", "-1", "NoDevFiles", "none", "void", "all", "none,0"])("finds none in %j", (value) => {
    expect(visibleGpus({ CUDA_VISIBLE_DEVICES: value }, "/nowhere")).toEqual([]);
  });

  it("ends the list before an entry that names no device", () => {
    expect(visibleGpus({ CUDA_VISIBLE_DEVICES: "1,void,0" }, "/nowhere")).toEqual(["1"]);
  });

  it("else counts the device files", () => {
    const folder = mkdtempSync(join(tmpdir(), "apts-devices-"));
    for (const name of ["nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm"])
      writeFileSync(join(folder, name), "");
    expect(visibleGpus({}, folder)).toEqual(["0", "1"]);
    expect(visibleGpus({}, "/nowhere")).toEqual([]);
  });
});

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
