import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { built } from "../helpers/built.js";

const LIBRARY = built("src/index.ts");

it("many trainings of one program, in turn and at once, do not warn and have a folder each", () => {
  const cwd = temporaryFolder();
  const program = join(cwd, "program.mjs");
  writeFileSync(
    program,
    `import { train } from ${JSON.stringify(LIBRARY)};
     const options = { ranks: 1, epochs: 1, hidden: [4], trainSamples: 40, testSamples: 20, method: "adam" };
     const outs = [];
     for (let i = 0; i < 8; i++) outs.push((await train(options)).out);
     const together = await Promise.all(Array.from({ length: 4 }, () => train(options)));
     console.log(JSON.stringify([...outs, ...together.map(({ out }) => out)]));`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { cwd, encoding: "utf8" });
  expect(stderr).not.toMatch(/Warning/);
  expect(status).toBe(0);
  const outs = JSON.parse(stdout) as string[];
  expect(new Set(outs).size).toBe(12);
  for (const out of outs) expect(existsSync(join(cwd, out, "summary.json"))).toBe(true);
});

it("commands started in the same second have a folder each, and one that is refused leaves none", async () => {
  const cwd = temporaryFolder();
  const common = ["train", ...SMALL, "--ranks", "1", "--epochs", "1"];
  const ended = await Promise.all([1, 2, 3].map(() => runApts(common, { cwd })));
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
  const runs = readdirSync(join(cwd, "runs"));
  expect(runs).toHaveLength(3);
  for (const run of runs) expect(existsSync(join(cwd, "runs", run, "summary.json"))).toBe(true);
  const { code } = await runApts([...common, "--model", "absent.json"], { cwd });
  expect(code).toBe(2);
  expect(readdirSync(join(cwd, "runs"))).toHaveLength(3);
});
