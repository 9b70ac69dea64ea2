import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";

const run = promisify(execFile);
const folder = join(ROOT, "examples", "tutorials");
const programs = readdirSync(folder);

it("there are ten tutorials", () => {
  expect(programs).toHaveLength(10);
});

describe.each(programs)("%s", (name) => {
  it("trains by fit where TensorFlow.js' has one other line", () => {
    const lines = readFileSync(join(folder, name), "utf8").split("\n");
    const at = lines.findIndex((line) => line.includes("await fit("));
    const theirs = lines[at - 1]!.replace("// ", "").replace(
      /await (\w+)\.fit(Dataset)?\(/,
      "await fit($1, ",
    );
    expect(lines[at]).toBe(theirs);
    expect(lines.filter((line) => /\bfit\(/.test(line) && !line.trim().startsWith("//"))).toHaveLength(1);
  });

  it("learns", async () => {
    const { stdout } = await run(process.execPath, [join(folder, name)], { cwd: temporaryFolder() });
    expect(stdout).not.toBe(""); // it exits with 1 where it has not learned what it should
  }, 300_000);
});
