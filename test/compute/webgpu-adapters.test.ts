import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runApts, temporaryFolder } from "../helpers/apts.js";
import { hasSwiftShader, SWIFTSHADER } from "../helpers/compute/swiftshader.js";

/** A host with one adapter for each of `names`: copies of SwiftShader's driver that call their device so. */
function hostWith(names: readonly string[]): Record<string, string> {
  const folder = temporaryFolder();
  const driver = readFileSync(SWIFTSHADER, "latin1");
  const files = names.map((name, i) => {
    const library = join(folder, `${i}.so`);
    writeFileSync(library, driver.replace("SwiftShader Device", name.padEnd(18)), "latin1");
    const file = join(folder, `${i}.json`);
    const ICD = { library_path: library, api_version: "1.0.5" };
    writeFileSync(file, JSON.stringify({ file_format_version: "1.0.0", ICD }));
    return file;
  });
  return { VK_ICD_FILENAMES: files.join(":") };
}

/** The line in which two ranks of one host say what they compute on. */
async function trained(environment: Record<string, string>): Promise<string> {
  const out = join(temporaryFolder(), "run");
  const args = ["--backend", "webgpu", "--ranks", "2", "--train-samples", "40", "--test-samples", "20"];
  const { code, stderr } = await runApts(["train", ...args, "--epochs", "1", "--hidden", "4", "--out", out], {
    environment,
  });
  expect(code, stderr).toBe(0);
  return stderr.split("\n").find((line) => line.startsWith("sapts on"))!;
}

describe.skipIf(!hasSwiftShader)("the adapter of a host's ranks", { timeout: 300_000 }, () => {
  it("is hardware before software, the same for all ranks", async () => {
    const line = await trained(hostWith(["SwiftShader Device", "One Kind of Card", "Another Card"]));
    expect(line).toMatch(/webgpu: WebGPU on (One Kind of|Another) Card/);
  });

  it("is the first of several that have one name, and the run says so", async () => {
    const line = await trained(hostWith(["One Kind of Card", "One Kind of Card"]));
    expect(line).toMatch(/webgpu: WebGPU on One Kind of Card .*, the first of 2 of that name$/);
  });
});
