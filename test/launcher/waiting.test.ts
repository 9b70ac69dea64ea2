import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { settlesWithin, Silence } from "../../launcher/waiting.js";
import { temporaryFolder } from "../helpers/apts.js";

const DEADLINE = 200;

/** A program that says a word; `heldUp` keeps this process from all else until it lies there, beyond the deadline. */
function speaker() {
  const said = join(temporaryFolder(), "said");
  const child = spawn("sh", ["-c", `echo word; : > ${said}; sleep 100`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const sleep = (milliseconds: number) =>
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  const heldUp = (): void => {
    sleep(2 * DEADLINE);
    while (!existsSync(said)) sleep(20);
  };
  return { child, heldUp };
}

describe("a process that was held up beyond its deadline", () => {
  it("takes no peer for silent whose word lies there", async () => {
    const { child, heldUp } = speaker();
    let ended = 0;
    const silence = new Silence(DEADLINE, () => ended++);
    child.stdout.on("data", () => {
      silence.refresh();
    });
    heldUp();
    await once(child.stdout, "data");
    await new Promise(setImmediate);
    expect(ended).toBe(0);
    await expect.poll(() => ended, { timeout: 60_000 }).toBe(1); // it is silent now
  });

  it("hears that what it waits for has happened", async () => {
    const { child, heldUp } = speaker();
    const within = settlesWithin(once(child.stdout, "data"), DEADLINE);
    heldUp();
    expect(await within).toBe(true);
  });
});

it("a wait ends with what it waits for, or its time", async () => {
  expect(await settlesWithin(Promise.reject(new Error("no")), 100_000)).toBe(true);
  expect(await settlesWithin(new Promise(() => undefined), 1)).toBe(false);
});
