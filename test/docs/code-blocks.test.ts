import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { runApts, temporaryFolder, type Finished } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";

const run = promisify(execFile);
const pages = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);
const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** The programs of the pages, each under the name of the file it is written to. */
const programs = pages.flatMap((page) =>
  [...textOf(page).matchAll(/^```(?:js|mjs|ts)\n(.*?)^```$/gms)].map(([, code], index) => ({
    file: `${page.replace(/\W/g, "-")}-${index + 1}.mjs`,
    code: code!,
  })),
);

/** Lines of indented blocks that call `apts`: the command, and the long options it is given. */
const commands = pages.flatMap((page) =>
  [...textOf(page).matchAll(/^ {4}(?:\S+ )*?apts ([a-z].*)$/gm)].map(([line, called]) => {
    const words = called!.replace(/ #.*| {2,}.*/, "").split(/[\s[\]]+/);
    const options = words.filter((word) => word.startsWith("--")).map((word) => word.replace(/=.*/, ""));
    const command = words[0] === "bench" ? words.slice(0, 2) : words.slice(0, 1);
    return { line: `${page}: ${line.trim()}`, command, options };
  }),
);

/** A folder in which the package and TensorFlow.js are installed, with the programs in it. */
function userFolder(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "apts"));
  for (const name of ["@tensorflow", "@types"])
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  for (const { file, code } of programs) writeFileSync(join(folder, file), code);
  return folder;
}

describe("programs in the documentation", () => {
  it("are found", () => {
    expect(programs.length).toBeGreaterThan(2);
    expect(commands.length).toBeGreaterThan(10);
  });

  it("compile with the types of the package", async () => {
    const folder = userFolder();
    const compilerOptions = {
      allowJs: true,
      checkJs: true,
      strict: true,
      noImplicitAny: false, // JavaScript does not declare its parameters
      target: "ES2022",
      module: "NodeNext",
      noEmit: true,
      skipLibCheck: true,
      types: ["node"],
    };
    const files = programs.map(({ file }) => file);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const result: unknown = await run(process.execPath, [tsc, "-p", folder]).catch((error: unknown) => error);
    expect(result).toEqual({ stdout: "", stderr: "" });
  }, 300_000);

  it.each(programs)(
    "run: $file",
    async ({ file }) => {
      await run(process.execPath, [file], { cwd: userFolder() });
    },
    300_000,
  );
});

describe("commands in the documentation", () => {
  /** Asked once for each command. */
  const helps = new Map<string, Promise<Finished>>();
  const helpOf = (command: readonly string[]): Promise<Finished> => {
    const name = command.join(" ");
    const help = helps.get(name) ?? runApts([...command, name === "train" ? "--help-all" : "--help"]);
    helps.set(name, help);
    return help;
  };

  it.each(commands)("$line", async ({ command, options }) => {
    const help = await helpOf(command);
    expect(help.code).toBe(0);
    const known = new Set(help.stdout.replaceAll("[no-]", "").match(/--[a-z][a-z-]*/g));
    for (const option of options) expect(known).toContain(option.replace(/^--no-/, "--"));
  });
});
