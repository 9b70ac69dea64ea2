import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { built } from "../../helpers/built.js";

const load = built("src/compute/blas/load.ts");

describe.skipIf(process.platform !== "linux" || !existsSync(load))("a matrix product of the system", () => {
  it("survives signals, which are handled all the same, and hands none of its shield to other programs", async (test) => {
    const program = join(import.meta.dirname, "../../helpers/compute/multiply.mjs");
    const child = spawn(process.execPath, [program, pathToFileURL(load).href]);
    const ended = once(child, "exit");
    let output = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    await once(child.stdout, "data");
    test.skip(output.startsWith("none"), "no BLAS on this machine");
    const barrage = setInterval(() => child.kill("SIGUSR2"), 2);
    await Promise.race([once(child.stdout, "data"), ended]); // a process that ends handles no signals any more
    clearInterval(barrage);
    expect(await ended).toEqual([0, null]);
    const { signals, child: mask } = JSON.parse(output.split("\n")[1]!) as { signals: number; child: string };
    expect(signals).toBeGreaterThan(10);
    expect(mask).toMatch(/^SigBlk:\s+0+$/m);
  });
});
