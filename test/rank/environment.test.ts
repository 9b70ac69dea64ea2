import { describe, expect, test } from "vitest";
import { fromVariables, toVariables, type RankEnvironment } from "../../src/rank/environment.js";

describe("the environment of a rank", () => {
  const environment: RankEnvironment = {
    jobId: "j",
    jobKey: "k",
    rank: 3,
    size: 4,
    localRank: 1,
    localSize: 2,
    rendezvous: "tcp://127.0.0.1:1",
    timeoutSeconds: 7,
    insecure: true,
    transport: "tcp",
    sharedMemory: false,
    cores: 2,
    restarts: 1,
    readsEvents: true,
  };

  test("travels through variables unchanged", () => {
    expect(fromVariables(toVariables(environment))).toEqual(environment);
    expect(fromVariables({})).toBeUndefined();
  });

  test("refuses variables that are missing or wrong", () => {
    expect(() => fromVariables({ APTS_RANK: "0" })).toThrow(
      "Expected APTS_JOB_ID in the environment of a rank, found none.",
    );
    expect(() => fromVariables({ ...toVariables(environment), APTS_TRANSPORT: "udp" })).toThrow(
      'Expected APTS_TRANSPORT to be auto or tcp, got "udp".',
    );
  });
});
