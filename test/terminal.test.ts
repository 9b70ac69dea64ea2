import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { curvesSvg } from "../src/report/curves.js";
import { printable, printableLine } from "../src/terminal.js";
import { runApts, temporaryFolder } from "./helpers/apts.js";

const EVIL = "a\x1b[2J\x1b]0;title\x07\r\x9b\u202eb";

describe("text of other people", () => {
  it("keeps its letters, and loses what a terminal would obey", () => {
    expect(printable(`${EVIL}\n\tc`)).toBe("a\\x1b[2J\\x1b]0;title\\x07\\x0d\\x9b\\u202eb\n\tc");
    expect(printableLine("a\nb\tc")).toBe("a\\x0ab\\x09c");
    expect(printable("Zürich — 日本 ✓")).toBe("Zürich — 日本 ✓");
  });

  it("reaches neither a picture", () => {
    const svg = curvesSvg([{ name: `<${EVIL}>`, metrics: [] }], "runs");
    expect(svg).toContain("&lt;a\\x1b[2J");
    // eslint-disable-next-line no-control-regex -- these are what is looked for
    expect(svg).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
  });

  it("nor a terminal", async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, EVIL));
    writeFileSync(join(cwd, EVIL, "metrics.jsonl"), `${EVIL}\n`);
    for (const args of [
      ["report", EVIL],
      ["train", "--ranks", "1", "--config", EVIL],
      ["train", "--model", EVIL],
    ]) {
      const { code, stdout, stderr } = await runApts(args, { cwd });
      expect(code).toBe(2);
      // eslint-disable-next-line no-control-regex -- these are what is looked for
      expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
    }
  });
});
