import { describe, expect, it } from "vitest";
import { parseTimeLeft, secondsLeft } from "../../src/rank/time-left.js";

describe("the time left", () => {
  it.each([
    ["1-02:03:04", 93_784],
    ["2:03:04", 7384],
    ["3:04", 184],
    ["0:00", 0],
    ["UNLIMITED", undefined],
    ["", undefined],
  ])("%s", (text, seconds) => {
    expect(parseTimeLeft(text)).toBe(seconds);
  });

  it("is unknown outside of SLURM, and where SLURM does not answer", async () => {
    expect(await secondsLeft({})).toBeUndefined();
    expect(await secondsLeft({ SLURM_JOB_ID: "no such job" })).toBeUndefined();
  });
});
