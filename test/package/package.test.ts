import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";

const run = promisify(execFile);

it("installs from its tarball elsewhere, and trains there from the shell and from a program", async () => {
  const folder = temporaryFolder();
  const packed = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: ROOT });
  const tarball = packed.stdout.trim().split("\n").at(-1)!;
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "elsewhere", type: "module", private: true }),
  );
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", tarball], { cwd: folder });
  expect(existsSync(join(folder, "node_modules", "apts", "test"))).toBe(false);

  const small = ["--train-samples", "500", "--test-samples", "100", "--hidden", "8", "--epochs", "2"];
  await run("npx", ["apts", "train", "--ranks", "2", ...small, "--out", "run"], { cwd: folder });
  expect(existsSync(join(folder, "run", "model", "model.json"))).toBe(true);

  writeFileSync(
    join(folder, "program.mjs"),
    `import { train, methods } from "apts";
     const { testAccuracy } = await train({ ranks: 2, trainSamples: 500, testSamples: 100, hidden: [8], epochs: 2, out: "run2" });
     console.log(methods.some(({ name }) => name === "apts") && testAccuracy > 0);`,
  );
  const program = await run(process.execPath, ["program.mjs"], { cwd: folder });
  expect(program.stdout).toContain("true");
}, 240_000);
