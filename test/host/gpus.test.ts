import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { visibleGpus } from "../../src/host/gpus.js";

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
