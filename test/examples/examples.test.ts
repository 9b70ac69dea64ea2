import { execFile } from "node:child_process";
import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/apts.js";
import { built, ROOT } from "../helpers/built.js";

const run = promisify(execFile);
const launcher = built("launcher/cli.ts");

describe("examples", () => {
  it("train.mjs trains a model of a user's program in place", async () => {
    const folder = temporaryFolder();
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules")); // the run folder lands beside it
    const { stdout } = await run(process.execPath, [join(ROOT, "examples", "train.mjs")], { cwd: folder });
    expect(stdout).toMatch(/epoch 40: loss 0\.0\d\d, accuracy (0\.9[5-9]|1)/);
    expect(stdout).toMatch(/belongs to class 0/);
    const [runFolder] = readdirSync(join(folder, "runs"));
    expect(runFolder).toMatch(/^apts-memory-/);
    expect(existsSync(join(folder, "runs", runFolder!, "summary.json"))).toBe(true);
  });

  it("pi.mjs computes π on three ranks", async () => {
    const { stdout } = await run(process.execPath, [
      launcher,
      "-n",
      "3",
      "--",
      "node",
      join(ROOT, "examples", "pi.mjs"),
    ]);
    expect(stdout).toContain("π ≈ 3.141592653590 on 3 ranks");
  });

  it("matrix-product.mjs multiplies on three ranks", async () => {
    const program = join(ROOT, "examples", "matrix-product.mjs");
    const { stdout } = await run(process.execPath, [launcher, "-n", "3", "--", "node", program]);
    expect(stdout).toContain("on 3 ranks: 0 of 14400 entries wrong");
  });

  it("rosenbrock.mjs finds the minimum by every method it tries", async () => {
    const { stdout } = await run(process.execPath, [join(ROOT, "examples", "rosenbrock.mjs")]);
    expect(stdout).toMatch(/^lbfgs: .*\ntr: .*\napts: .*\n$/);
    const errors = [...stdout.matchAll(/x off by ([\d.e+-]+), (?:converged|stalled)/g)].map(([, x]) =>
      Number(x),
    );
    expect(errors).toHaveLength(3);
    expect(Math.max(...errors)).toBeLessThan(1e-5); // where float32 tells no loss from the next
  });

  it("poisson.mjs solves an equation by a network that knows it alone", { timeout: 300_000 }, async () => {
    const folder = temporaryFolder();
    const { stdout } = await run(
      process.execPath,
      [join(ROOT, "examples", "poisson.mjs"), "--ranks", "1", "--epochs", "30"],
      {
        cwd: folder,
      },
    );
    const error = Number(/relative error of u (0\.\d+)/.exec(stdout)?.[1]);
    expect(error).toBeLessThan(0.3);
  });

  it("logistic-regression.mjs finds the weights on three ranks that it finds alone", async () => {
    const program = join(ROOT, "examples", "logistic-regression.mjs");
    const found =
      /weights 1\.98, -2\.82, 0\.41, 0\.99 on (\d) ranks\n.*loss 0\.4175, converged .* 2407 of 3000/;
    const alone = await run(process.execPath, [program]);
    expect(found.exec(alone.stdout)?.[1]).toBe("1");
    const three = await run(process.execPath, [launcher, "-n", "3", "--", "node", program]);
    expect(found.exec(three.stdout)?.[1]).toBe("3");
  });
});
