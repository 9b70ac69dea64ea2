import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HELP } from "../../src/config/help-groups.js";
import { kebab } from "../../src/config/option.js";
import { methods } from "../../src/methods/registry.js";
import { optionsOfMethods, tableOf } from "../../src/run/options/of-methods.js";
import { trainOptions } from "../../src/run/options/table.js";
import { runApts, temporaryFolder } from "../helpers/apts.js";

async function help(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runApts(["train", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** Headings, and under each the options. */
function groupsOf(text: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.split("\n").slice(1)) {
    if (/^\S.*:$/.test(line)) groups.set(line, (current = []));
    const [, name] = /^ {2}(?:-h, )?--(?:\[no-\])?([a-z0-9-]+)/.exec(line) ?? [];
    if (name !== undefined) current.push(name);
  }
  return groups;
}

const MODEL_NAMES = ["model", "hidden", "channels"];

describe("apts train --help", () => {
  it("stands in groups, and shows the default method's options alone", async () => {
    const groups = groupsOf(await help("--help"));
    const [run, data, model, method, ranks, folder, last, ...others] = [...groups.keys()];
    expect([run, data, model, ranks, folder, last]).toEqual([
      HELP.run,
      HELP.data,
      HELP.model,
      HELP.ranks,
      HELP.folder,
      HELP.help,
    ]);
    expect(others).toEqual([]);
    expect(method).toBe("Method sapts (APTS on mini-batches):");
    expect(groups.get(HELP.model)).toEqual(expect.arrayContaining(MODEL_NAMES));
    expect(groups.get(HELP.ranks)).toEqual(expect.arrayContaining(["ranks", "hostfile", "insecure"]));
    expect(groups.get(HELP.folder)).toEqual(expect.arrayContaining(["out", "resume", "checkpoint-every"]));
    const sapts = methods.find(({ name }) => name === "sapts")!;
    expect(new Set(groups.get(method!))).toEqual(
      new Set(["subdomains", "decomposition", ...Object.keys(tableOf(sapts)).map(kebab)]),
    );
  });

  it("shows the options of the method that --method or the config file names, with its defaults", async () => {
    const file = join(temporaryFolder(), "lion.yaml");
    writeFileSync(file, "method: lion\n");
    const text = await help("--help", "--method", "lion");
    const groups = groupsOf(text);
    const heading = [...groups.keys()].find((name) => name.startsWith("Method lion"));
    expect(new Set(groups.get(heading!))).toEqual(
      new Set(["learning-rate", "schedule", "warmup", "beta1", "beta2", "weight-decay"]),
    );
    expect(text).toMatch(/--learning-rate <X>\s+learning rate \(default: 0\.0001\)/);
    expect(await help("--config", file, "--help")).toBe(text);
    expect(await help("--config", file, "--help", "--method", "adam")).toContain("(default: 0.001)");
  });

  it("shows every option with --help-all", async () => {
    const shown = [...groupsOf(await help("--help-all")).values()].flat();
    expect(shown).toEqual(
      expect.arrayContaining(Object.keys({ ...trainOptions, ...optionsOfMethods }).map(kebab)),
    );
    expect(new Set(shown).size).toBe(shown.length);
  });

  it("refuses the help of a method that there is not", async () => {
    const { code, stderr } = await runApts(["train", "--method", "abts", "--help"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Expected --method to be one of apts, .*, got "abts"\./);
  });
});
