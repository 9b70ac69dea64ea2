import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";

describe("apts report", () => {
  it("averages runs that differ in the seed alone, and names the others by what differs", async () => {
    const folder = temporaryFolder();
    const runs = { a: ["--seed", "0"], b: ["--seed", "1"], c: ["--grow", "1.2"] };
    for (const [name, options] of Object.entries(runs)) {
      const args = [...SMALL, "--ranks", "1", "--threads", "1", "--epochs", "2", ...options];
      expect((await runApts(["train", ...args, "--out", join(folder, name)])).code).toBe(0);
    }
    const picture = join(folder, "curves.svg");
    const outs = Object.keys(runs).map((name) => join(folder, name));
    const again = outs[0]!;
    const { stdout, stderr, code } = await runApts([
      "report",
      "--markdown",
      "--out",
      picture,
      ...outs,
      `${again}/`,
    ]);
    expect(code).toBe(0);
    expect(stderr).toBe(`${again}/ is given more than once: counted once.\n`);
    const rows = stdout.split("\n").filter((line) => line.startsWith("| sapts"));
    expect(rows[0]).toMatch(/^\| sapts grow 1\.5 \| [\d.]+ \([\d.]+–[\d.]+\) /); // of two runs
    expect(stdout).toContain("Cells are median and quartiles of the runs that got so far.");
    expect(rows[1]).toMatch(/^\| sapts grow 1\.2 \| [\d.]+ \| /); // of one
    const svg = readFileSync(picture, "utf8");
    for (const name of ["sapts grow 1.5", "sapts grow 1.2"]) expect(svg).toContain(`>${name}<`);
  }, 300_000);

  it("writes a picture as PNG, a page, and the interval of a mean", async () => {
    const folder = temporaryFolder();
    const outs = ["0", "1"].map((seed) => join(folder, seed));
    for (const [seed, out] of outs.entries()) {
      const args = [...SMALL, "--ranks", "2", "--threads", "1", "--epochs", "1", "--seed", String(seed)];
      expect((await runApts(["train", ...args, "--out", out])).code).toBe(0);
    }
    const [picture, page] = [join(folder, "new", "curves.png"), join(folder, "page.html")];
    const given = ["--out", picture, "--html", page, "--band", "95"];
    const { stdout, code } = await runApts(["report", ...given, ...outs]);
    expect(code).toBe(0);
    expect(stdout).toContain("Cells are mean and its 95 % interval, of the runs that got so far.");
    expect(stdout).toMatch(/│ [\d.]+ [kM]B +│ at the end/);
    expect(PNG.sync.read(readFileSync(picture)).width).toBeGreaterThan(2000); // an axis of bytes, too
    expect(readFileSync(page, "utf8")).toContain("Bytes sent");
    const gif = await runApts(["report", "--out", join(folder, "curves.gif"), ...outs]);
    expect(gif.code).toBe(2);
    expect(gif.stderr).toMatch(/ends in \.svg or \.png, got .*curves\.gif\.\n$/);
    const inPlace = await runApts(["report", "--out", picture, "--html", folder, ...outs]);
    expect(inPlace.stderr).toBe(`apts: Expected to write the page ${folder}, but that is a folder.\n`);
  }, 300_000);

  it("says what is wrong with a folder that is no run's", async () => {
    const other = temporaryFolder();
    writeFileSync(join(other, "metrics.jsonl"), "");
    writeFileSync(join(other, "config.json"), "{}");
    const { code, stderr } = await runApts(["report", other]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `apts: Expected the record of a run in ${join(other, "config.json")}, found other JSON. ` +
        `Give the folder that apts train wrote with --out.\n`,
    );
  });
});
