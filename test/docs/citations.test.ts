import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const textOf = (file: string): string => readFileSync(join(root, file), "utf8");
const PAGE = "docs/algorithms.md";
const page = textOf(PAGE);

/** What may cite the page: every file of the project that holds text of its own. */
const files = execFileSync(
  "git",
  ["ls-files", "src", "launcher", "bench", "test", "docs", "examples", "*.md"],
  {
    cwd: root,
    encoding: "utf8",
  },
)
  .split("\n")
  .filter((file) => /\.(ts|mjs|md|py)$/.test(file) && file !== "test/docs/citations.test.ts");

/** The text of a file with its comments on one line each: a citation may go on in the next. */
const joined = (file: string): string => textOf(file).replace(/\n\s*(?:\*(?!\/)|\/\/|#)?[ \t]*/g, " ");

/** The body of each section, by its number. */
const sections = new Map(
  [...page.matchAll(/^## (\d+)\. .*\n((?:(?!## ).*\n)*)/gm)].map(([, number, body]) => [number!, body!]),
);

/** What is wrong with a reference to section, item ("3"), letter ("e") or the title of a paragraph; else undefined. */
function fault(section: string, item?: string, letter?: string, title?: string): string | undefined {
  const body = sections.get(section);
  if (body === undefined) return `no section ${section}`;
  if (item !== undefined && !new RegExp(`^(?:${item}\\. | {4}${item}  )`, "m").test(body))
    return `no item ${item} in section ${section}`;
  if (letter !== undefined && !body.includes(`- (${letter}) `)) return `no (${letter}) in section ${section}`;
  if (title !== undefined && !body.includes(`**${title}.**`)) return `no "${title}" in section ${section}`;
  return undefined;
}

/** The faults of "§1.3, §4.1–7, §4 (b), (e), §5, "Cost of a local solve"" and the like. */
function faultsOf(reference: string): string[] {
  let section = "";
  return [...reference.matchAll(/§(\d+)(?:\.(\d+)(?:–(\d+))?)?|\((\w)\)|"(.*?)"/g)].flatMap(
    ([, number, first, last, letter, title]) => {
      section = number ?? section;
      const items = first === undefined ? [undefined] : [first, ...(last === undefined ? [] : [last])];
      return items.flatMap((item) => fault(section, item, letter, title) ?? []);
    },
  );
}

const PART = String.raw`§\d+(?:\.\d+(?:–\d+)?)?`;
const REFERENCE = new RegExp(
  String.raw`algorithms\.md\)? (${PART}(?:(?:,? (?:and )?)(?:${PART}(?!\d)|\(\w\)(?= |,|\)|")|"[^"]*"))*)`,
  "g",
);

const citations = files.flatMap((file) =>
  [...joined(file).matchAll(REFERENCE)].map(([, reference]) => ({ file, reference: reference! })),
);

describe("docs/algorithms.md", () => {
  it("has what the code cites of it", () => {
    expect(citations.length).toBeGreaterThan(40);
    const faults = citations.flatMap(({ file, reference }) =>
      faultsOf(reference).map((what) => `${file}: ${PAGE} ${reference}: ${what}`),
    );
    expect(faults).toEqual([]);
  });

  it("has what it cites of itself", () => {
    const own = page.replace(/\b[A-Z]+\d\d (?:§[\d.]+|Algorithm \d)/g, "");
    expect([...own.matchAll(new RegExp(PART, "g"))].flatMap(([reference]) => faultsOf(reference))).toEqual(
      [],
    );
  });

  it("names every source whose key the code gives", () => {
    const table = new Set([...page.matchAll(/^\| ([A-Z]+\d\d) +\|/gm)].map(([, key]) => key!));
    expect(table.size).toBeGreaterThan(5);
    const keys = files.flatMap((file) =>
      [...textOf(file).matchAll(/\b(?!ARM64|CIFAR10)[A-Z]{2,7}\d\d\b/g)].map(([key]) => `${key} in ${file}`),
    );
    expect(keys.filter((key) => !table.has(key.split(" ")[0]!))).toEqual([]);
  });

  it("is cited by its name alone", () => {
    expect(files.filter((file) => textOf(file).includes("ALGORITHMS"))).toEqual([]);
    // What is no reference to a paper, which ends in a number or a year, stands behind the page's name.
    const bare = files.flatMap((file) =>
      file === PAGE
        ? []
        : [...joined(file).matchAll(/.{0,20}(?<!algorithms\.md\)? |\d\)?,? (?:and )?)§\d+/g)].map(
            ([text]) => `${file}: ${text}`,
          ),
    );
    expect(bare).toEqual([]);
  });
});
