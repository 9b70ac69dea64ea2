import { execFileSync } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../helpers/built.js";

const packed = packedFiles();

function packedFiles(): Set<string> {
  const json = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(json) as [{ files: { path: string }[] }];
  return new Set(files.map(({ path }) => path));
}

const pages = [...packed].filter((path) => path.endsWith(".md"));

/** Targets of links and pictures in Markdown, but those of its code. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), "utf8")
    .replaceAll(/^```.*?^```/gms, "")
    .replaceAll(/`[^`]*`(?!\])/g, "");
  return [...text.matchAll(/\]\(<?([^)\s>]+)/g)].map(([, target]) => target!);
}

/** Names under which a page's headings can be linked to, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(join(ROOT, page), "utf8").matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("the package", () => {
  it("has README, CHANGELOG and the pages of docs", () => {
    const docs = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
    expect(pages).toEqual(
      expect.arrayContaining(["README.md", "CHANGELOG.md", ...docs.map((name) => `docs/${name}`)]),
    );
  });

  it("has commands that run as they are built: npx links those of a clone once", () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      bin: Record<string, string>;
    };
    for (const file of Object.values(bin)) accessSync(join(ROOT, file), constants.X_OK);
  });

  it.each(["examples", "hosts"])("has all of %s", (folder) => {
    const names = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length + 1));
    expect(names.length).toBeGreaterThan(0);
    expect([...packed]).toEqual(expect.arrayContaining(names));
  });

  it.each(pages)("has what %s links to", (page) => {
    const broken = linksOf(page).filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : posix.join(posix.dirname(page), path);
      return !packed.has(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it("is linked through: the check above finds the links", () => {
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(25);
  });

  it("has the scripts and examples that its pages tell users to copy and to run", () => {
    const named = pages.flatMap((page) =>
      [...readFileSync(join(ROOT, page), "utf8").matchAll(/\b(?:hosts|examples)\/[\w.-]*\w\.\w+/g)].map(
        ([path]) => path,
      ),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !packed.has(path))).toEqual([]);
  });
});
