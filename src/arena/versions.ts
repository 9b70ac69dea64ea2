import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { MethodDescription } from "../methods/description.js";

const HERE = fileURLToPath(import.meta.url);
const SRC = dirname(dirname(HERE));
const METHODS = join(SRC, "methods");
/** What makes a method what it is; the rest of the program is the same for all. */
const ROOMS = ["methods", "trust-region", "linalg", "decomposition"].map((room) => join(SRC, room) + sep);
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g;

/**
 * What tells a method from what it was before its code was changed: SHA-256 of the module that defines it and of those it
 * imports, comments left out. A change of one method leaves the others what they were.
 */
export function versionOf({ name, module }: MethodDescription): string {
  if (module !== undefined) return module;
  const code = new Map<string, string>();
  const visit = (file: string): void => {
    if (code.has(file) || !ROOMS.some((room) => file.startsWith(room))) return;
    const text = readFileSync(file, "utf8");
    const bare = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "").replace(/^\s*\n/gm, "");
    code.set(file, bare.trimEnd());
    for (const [, path] of text.matchAll(IMPORT)) visit(resolved(file, path!));
  };
  visit(moduleOf(name));
  const hash = createHash("sha256");
  for (const [file, text] of [...code].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${relative(SRC, file)}\n${text}\n`);
  return hash.digest("hex");
}

function resolved(from: string, path: string): string {
  const file = join(dirname(from), path);
  return existsSync(file) ? file : file.replace(/\.js$/, extname(HERE));
}

/** The module that defines it; the one of all methods where none can be told. */
function moduleOf(name: string): string {
  const modules = readdirSync(METHODS, { recursive: true, encoding: "utf8" }).filter(
    (file) => extname(file) === extname(HERE),
  );
  const defines = new RegExp(`\\bname: ["']${name}["']`);
  const found = modules.filter((file) => defines.test(readFileSync(join(METHODS, file), "utf8")));
  return join(METHODS, found.length === 1 ? found[0]! : `registry${extname(HERE)}`);
}
