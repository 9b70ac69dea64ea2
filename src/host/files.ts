import { readFileSync } from "node:fs";

/** The text of a file of /proc, /sys or a control group; "" where there is none, or it may not be read. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
