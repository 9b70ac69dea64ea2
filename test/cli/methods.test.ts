import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { methodsPage } from "../../src/cli/methods.js";
import { kebab } from "../../src/config/option.js";
import { methods } from "../../src/methods/registry.js";
import { tableOf } from "../../src/run/options/of-methods.js";

it("docs/methods.md holds what apts methods prints", () => {
  const page = readFileSync(new URL("../../docs/methods.md", import.meta.url), "utf8");
  const [, printed] = /<!-- methods -->\n+(.*?)\n+<!-- \/methods -->/s.exec(page)!;
  const cells = (text: string): string[] => text.split(/\s*[|\n]\s*/).filter((cell) => !/^-*$/.test(cell));
  expect(cells(printed!)).toEqual(cells(methodsPage()));
});

it.each(methods)("the default of every option of $name stands in its column", (method) => {
  const { name } = method;
  const found: Record<string, string> = {};
  for (const section of methodsPage().split("### ").slice(1)) {
    const [head, ...rows] = section
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) => line.slice(2, -2).split(" | "));
    const column = head!.indexOf(`\`${name}\``);
    for (const row of column < 0 ? [] : rows.slice(1)) {
      if (row[column] !== "–") found[row[0]!] = row[column]!;
    }
  }
  const expected = Object.entries(tableOf(method)).map(([option, { fallback }]) => [
    `\`--${kebab(option)}\``,
    fallback === undefined ? "none" : String(fallback as string | number | boolean),
  ]);
  expect(found).toEqual(Object.fromEntries(expected));
});
