import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { methodsTable } from "../../src/cli/methods.js";

it("docs/methods.md holds the table that apts methods prints", () => {
  const page = readFileSync(new URL("../../docs/methods.md", import.meta.url), "utf8");
  const [, table] = /<!-- methods -->\n+(.*?)\n+<!-- \/methods -->/s.exec(page)!;
  const cells = (text: string): string[] => text.split(/\s*[|\n]\s*/).filter((cell) => !/^-*$/.test(cell));
  expect(cells(table!)).toEqual(cells(methodsTable()));
});
