import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import type * as Api from "../../src/index.js";
import { temporaryFolder } from "../helpers/apts.js";
import { builtUrl, ROOT } from "../helpers/built.js";
import { expectNoneLeft, mark, marked } from "../helpers/launcher/launcher.js";

const library = builtUrl("src/index.ts");
const { fit } = (await import(library)) as typeof Api;

/** Waits in a callback without end. */
const PROGRAM = `
import * as tf from "@tensorflow/tfjs";
import { fit } from "${library}";
const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
const onEpochEnd = () => { console.log("waits"); return new Promise((resolve) => setTimeout(resolve, 1e6)); };
await fit(model, [[1], [2]], [[1], [2]], { epochs: 3, ranks: 2, out: process.argv[1], callbacks: { onEpochEnd } });
`;

describe("ranks that wait for a callback", () => {
  // The deadline holds for the ranks' start, too, which takes seconds on a loaded machine.
  it("wait longer than the deadline of their calls", { timeout: 300_000 }, async () => {
    await tf.setBackend("cpu");
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], name: "slow" })] });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const onEpochEnd = (epoch: number) => (epoch === 0 ? sleep(25_000) : undefined);
    const options = {
      epochs: 2,
      ranks: 2,
      timeout: 20,
      verbose: 0,
      out: join(temporaryFolder(), "run"),
    } as const;
    const { epoch } = await fit(model, [[1], [2]], [[1], [2]], { ...options, callbacks: { onEpochEnd } });
    expect(epoch).toEqual([0, 1]);
  });

  it("end when the program's signal is aborted, and what was learned is kept", async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], name: "ended" })] });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const controller = new AbortController();
    const onEpochEnd = () => {
      controller.abort();
    };
    const options = { epochs: 1000, ranks: 2, verbose: 0, out: join(temporaryFolder(), "run") } as const;
    const ending = { ...options, signal: controller.signal, callbacks: { onEpochEnd } };
    const { epoch, summary } = await fit(model, [[1], [2]], [[1], [2]], ending);
    expect(summary?.ended).toBe("stopped");
    expect(epoch.length).toBeLessThan(10);
  });

  it("end when the program is killed", async () => {
    const carrying = mark();
    const args = ["--input-type=module", "-e", PROGRAM, join(temporaryFolder(), "run")];
    const env = { ...process.env, ...carrying };
    const program = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "ignore"] });
    await once(program.stdout, "data");
    expect(marked(carrying).length).toBeGreaterThan(3); // the program, its agent, two ranks
    program.kill("SIGKILL");
    await expectNoneLeft(carrying, 12);
  });
});
