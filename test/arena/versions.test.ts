import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type * as Versions from "../../src/arena/versions.js";
import { methods } from "../../src/methods/registry.js";
import { temporaryFolder } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";

/** The version of each method, by the program in `folder`. */
async function versionsOf(folder: string): Promise<Record<string, string>> {
  const module = pathToFileURL(join(folder, "src/arena/versions.js"));
  const { versionOf } = (await import(`${module.href}?${performance.now()}`)) as typeof Versions;
  return Object.fromEntries(methods.map((method) => [method.name, versionOf(method)]));
}

describe("the version of a method", () => {
  it("changes with its module and those it imports, and with no other", async () => {
    const folder = temporaryFolder();
    cpSync(join(ROOT, "dist"), folder, { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const before = await versionsOf(folder);
    const edited = async (file: string, text: string): Promise<string[]> => {
      const path = join(folder, "src", file);
      const was = readFileSync(path, "utf8");
      writeFileSync(path, `${was}\n${text}\n`);
      const after = await versionsOf(folder);
      writeFileSync(path, was);
      return Object.keys(after).filter((name) => after[name] !== before[name]);
    };
    expect(await edited("methods/first-order/lion.js", "export const more = 1;")).toEqual(["lion"]);
    expect(await edited("methods/first-order/adam.js", "export const more = 1;")).toEqual(
      expect.arrayContaining(["adam", "adamw"]),
    );
    const trustRegion = await edited("trust-region/step.js", "export const more = 1;");
    expect(trustRegion).toEqual(expect.arrayContaining(["apts", "sapts", "napts", "tr"]));
    expect(trustRegion).not.toContain("adam");
    expect(await edited("methods/apts.js", "// a comment\n/* another */")).toEqual([]);
    expect(await edited("report/curves.js", "export const more = 1;")).toEqual([]);
  });
});
