import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./built.js";

const run = promisify(execFile);

/**
 * Puts into `folder` what `npm install` of the packed tarball would, without a network: the package's own files, and
 * those packages of the project that are named, or all of them.
 */
export async function installPacked(folder: string, others: readonly string[] | "all"): Promise<void> {
  const modules = join(folder, "node_modules");
  const own = join(modules, "apts");
  mkdirSync(own, { recursive: true });
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await run("npm", pack, { cwd: ROOT });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run("tar", ["-xzf", join(folder, filename), "--strip-components=1", "-C", own]);
  const names = others === "all" ? readdirSync(join(ROOT, "node_modules")) : others;
  for (const name of names) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
}
