/**
 * Makes the declarations that the package's users get of those that the compiler has written: of every file what the
 * entries reach, and nothing else, so that a user's compiler reads neither the project's inner types nor those of the
 * packages that it uses inside. Once for ES modules, once for CommonJS: the text is the same, the kind of module is told
 * by a package.json beside it.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const inner = join(dist, "src");
const entries = ["index.d.ts", "methods/index.d.ts"].map((name) => join(inner, name));

const program = ts.createProgram(entries, {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts"],
  types: ["node"],
  noEmit: true,
});
const checker = program.getTypeChecker();
/** What is kept: statements, and of imports and exports their specifiers. */
const kept = new Set();

/** The smallest part of a file that is kept or left out as one. */
function unitOf(node) {
  for (let at = node; at; at = at.parent) {
    const isSpecifier = ts.isImportSpecifier(at) || ts.isExportSpecifier(at);
    if (isSpecifier || (at.parent && ts.isSourceFile(at.parent))) return at;
  }
  return undefined;
}

function keep(unit) {
  if (!unit || kept.has(unit) || relative(inner, unit.getSourceFile().fileName).startsWith("..")) return;
  kept.add(unit);
  if (ts.isExportDeclaration(unit) && unit.moduleSpecifier && !unit.exportClause)
    for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(unit.moduleSpecifier)))
      keepSymbol(symbol);
  visit(unit);
}

function visit(node) {
  if (ts.isIdentifier(node)) keepSymbol(symbolAt(node));
  ts.forEachChild(node, visit);
}

/** Of `export { a }` what a is in this file. */
function symbolAt(identifier) {
  const { parent } = identifier;
  return ts.isExportSpecifier(parent) && !parent.parent.parent.moduleSpecifier
    ? checker.getExportSpecifierLocalTargetSymbol(parent)
    : checker.getSymbolAtLocation(identifier);
}

function keepSymbol(symbol) {
  if (!symbol) return;
  for (const declaration of symbol.declarations ?? []) keep(unitOf(declaration));
  if (symbol.flags & ts.SymbolFlags.Alias) keepSymbol(checker.getImmediateAliasedSymbol(symbol));
}

/** The text of a statement, or of the specifiers of it that are kept; undefined where there is nothing to keep. */
function textOf(statement) {
  const named = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : ts.isExportDeclaration(statement)
      ? statement.exportClause
      : undefined;
  if (!named || !(ts.isNamedImports(named) || ts.isNamedExports(named)))
    return kept.has(statement) ? statement.getFullText().trim() : undefined;
  const specifiers = named.elements.filter((element) => kept.has(element));
  if (specifiers.length === 0) return undefined;
  const text = statement.getText();
  const start = statement.getStart();
  const list = specifiers.map((specifier) => specifier.getText()).join(", ");
  return `${text.slice(0, named.getStart() - start)}{ ${list} }${text.slice(named.getEnd() - start)}`;
}

for (const entry of entries) {
  for (const statement of program.getSourceFile(entry).statements) {
    keep(statement);
    const clause = ts.isExportDeclaration(statement) ? statement.exportClause : undefined;
    if (clause && ts.isNamedExports(clause)) clause.elements.forEach(keep);
  }
}

const types = join(dist, "types");
rmSync(types, { recursive: true, force: true });
/** What stands in the place of a file. */
const instead = {
  "compute/tensorflow.d.ts": readFileSync(new URL("tensorflow.d.ts", import.meta.url), "utf8"),
};
for (const type of ["module", "commonjs"]) {
  for (const file of program.getSourceFiles()) {
    const name = relative(inner, file.fileName);
    const texts = name.startsWith("..") ? [] : file.statements.flatMap((each) => textOf(each) ?? []);
    if (texts.length === 0) continue;
    const path = join(types, type, name);
    mkdirSync(dirname(path), { recursive: true });
    // Without an import or export a file would be a script, with the whole program's names.
    writeFileSync(path, instead[name] ?? `${texts.join("\n")}\nexport {};\n`);
  }
  writeFileSync(join(types, type, "package.json"), `${JSON.stringify({ type })}\n`);
}
