import { expect, test, vi } from "vitest";

import { selfCommunicator } from "../../src/comm/index.js";
import { Random } from "../../src/random.js";
import { trainConfig } from "../../src/run/options/config.js";
import { setUp } from "../../src/run/setup.js";
import { TrainingRun } from "../../src/run/training-run.js";

test("samples are on the heap and their order is drawn before the first step, which gathers its mini-batch there", async () => {
  const options = { data: "digits", trainSamples: 2000, testSamples: 10, hidden: [8], backend: "wasm" };
  const config = trainConfig(
    [{ source: { kind: "program" }, values: { ...options, method: "adam", batchSize: 50, epochs: 1 } }],
    1,
  );
  const comm = selfCommunicator();
  const setup = await setUp(config, {}, comm, 1);
  const heap = setup.backend.heap!;
  const allocate = vi.spyOn(heap, "allocate");
  const largest = () => Math.max(...allocate.mock.calls.map(([bytes]) => bytes));
  const samples = 2000 * 28 * 28; // bytes
  const run = await TrainingRun.prepare(config, setup, comm);
  const shuffle = vi.spyOn(Random.prototype, "shuffle");
  await run.epochs.prepare!(38, run.parameters);
  expect(setup.network.count.globalGradients).toBe(0);
  expect(largest()).toBeGreaterThanOrEqual(samples);
  expect(shuffle).toHaveBeenCalledOnce();
  allocate.mockClear();
  for await (const problem of run.epochs.problems(1, 38)) await run.step(problem);
  expect(run.position.batches).toBe(2);
  expect(largest()).toBeLessThan(samples);
  expect(shuffle).toHaveBeenCalledOnce();
});
