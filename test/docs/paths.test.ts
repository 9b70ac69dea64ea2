import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  "README.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md"));
const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** A heading as a link names it: GitHub's way. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
const anchors = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

describe.each(pages)("%s", (page) => {
  it("names folders and files that exist", () => {
    const named = [
      ...textOf(page).matchAll(
        /(?<![\w./-])(?:src|launcher|test|bench|hosts|examples|experiments|docs)\/[\w./-]*\w/g,
      ),
    ];
    expect(named.map(([path]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("links to pages and headings that exist", () => {
    const broken = [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(
      ([link, file, anchor]) => {
        const target = file === "" ? page : join(dirname(page), file!);
        const found = existsSync(join(root, target)) && (!anchor || anchors(target).includes(anchor));
        return found ? [] : [link];
      },
    );
    expect(broken).toEqual([]);
  });
});
