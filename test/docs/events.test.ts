import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const page = readFileSync(path("docs/api.md"), "utf8");

/** The rows of the table under a heading, a list of cells each; the two lines of its head are left out. */
function tableUnder(heading: string): string[][] {
  const text = page.slice(page.indexOf(`\n${heading}\n`) + heading.length + 2);
  const lines = text
    .slice(0, text.search(/^#/m))
    .split("\n")
    .filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => line.split("|").slice(1, -1));
}

/** What stands in backticks. */
const named = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!);

describe("docs/api.md", { timeout: 300_000 }, () => {
  let exported: (name: string) => ts.Type;
  let checker: ts.TypeChecker;

  beforeAll(() => {
    const { config } = ts.readConfigFile(path("tsconfig.json"), (file) => readFileSync(file, "utf8")) as {
      config: { compilerOptions: object };
    };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, path("."));
    const program = ts.createProgram([path("src/index.ts")], options);
    checker = program.getTypeChecker();
    const index = checker.getSymbolAtLocation(program.getSourceFile(path("src/index.ts"))!)!;
    exported = (name) => {
      const symbol = checker.getExportsOfModule(index).find((each) => each.name === name)!;
      return checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(symbol));
    };
  }, 300_000);

  const fieldsOf = (type: ts.Type): string[] => type.getProperties().map(({ name }) => name);

  it("lists every event with its fields", () => {
    const union = exported("RunEvent");
    const events = (union.isUnion() ? union.types : [union]).map((event) => {
      const type = checker.getTypeOfSymbol(event.getProperty("type")!) as ts.StringLiteralType;
      return [
        type.value,
        ...fieldsOf(event)
          .filter((name) => name !== "type")
          .sort(),
      ];
    });
    expect(events.length).toBeGreaterThan(4);
    const listed = tableUnder("### Events").map(([type, , fields]) => [
      ...named(type!),
      ...named(fields!).sort(),
    ]);
    expect(listed).toEqual(events);
  });

  it.each(["EpochMetrics", "Summary"])("lists the fields of %s", (name) => {
    const listed = tableUnder(`#### \`${name}\``).flatMap(([fields]) => named(fields!));
    expect(listed.sort()).toEqual(fieldsOf(exported(name)).sort());
  });
});
