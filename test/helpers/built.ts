import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The project's folder. */
export const ROOT = resolve(import.meta.dirname, "../..");

/** What a source is built to: tests of processes use what a user runs. */
export const built = (source: string): string => join(ROOT, "dist", source.replace(/\.ts$/, ".js"));
export const builtUrl = (source: string): string => pathToFileURL(built(source)).href;
