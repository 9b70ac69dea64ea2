import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type * as Library from "../../src/index.js";
import type { State } from "../../src/methods/method.js";
import type { WholeCheckpoint } from "../../src/run/checkpoint/format.js";
import { CheckpointFolder } from "../../src/run/checkpoint/store.js";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";
import { importBuilt } from "../helpers/launcher/launcher.js";

const OTHER = join(ROOT, "test", "helpers", "methods", "other-meanings.mjs");
const POLYAK = join(ROOT, "examples", "polyak.mjs");

/** The text of a module whose method can be described, no more. */
const described = (options: string, name = "mine") =>
  `export const method = { name: "${name}", summary: "b", source: "c", batches: 1, create() {}, ${options} };`;

const json = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;

describe("a user's own method", () => {
  it("has its options in the help, with its meanings of their names", async () => {
    const { code, stdout } = await runApts(["train", "--method", OTHER, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Method other-meanings \(normalised gradient steps\):/);
    expect(stdout).toMatch(/--radius <NAME>\s+how far to go: short\|long\s+\(default: short\)/);
    expect(stdout).toMatch(/--fdl <X>\s+factor of a step \(default: 1\)/);
    expect(stdout).not.toMatch(/--local-steps|--subdomains|--preset/);
  });

  it("trains on two ranks as on one, goes on from a checkpoint with the same bits, and hands back its average", async () => {
    const weights: Buffer[] = [];
    for (const [ranks, epochs] of [
      [1, [6]],
      [2, [3, 6]],
    ] as const) {
      const out = join(temporaryFolder(), "run");
      for (const [i, last] of epochs.entries()) {
        const words = i === 0 ? ["--method", OTHER, "--out", out, ...SMALL] : ["--resume", out];
        const options = ["--ranks", String(ranks), "--epochs", String(last), "--threads", "1"];
        const own = i === 0 ? ["--radius", "long", "--no-standardise"] : [];
        const { code, stderr } = await runApts(["train", ...words, ...options, ...own]);
        expect(code, stderr).toBe(0);
      }
      weights.push(readFileSync(join(out, "model", "weights.bin")));
      const { checkpoint } = await new CheckpointFolder(out, 1).newest();
      const { theta, average } = (checkpoint as WholeCheckpoint).state.method as State & {
        average: Float32Array;
      };
      expect(
        weights.at(-1)!.equals(Buffer.from(average.buffer, average.byteOffset, average.byteLength)),
      ).toBe(true);
      expect(theta).not.toEqual(average);
      expect(json(join(out, "summary.json"))).toMatchObject({ method: "other-meanings", epochs: 6 });
      expect(json(join(out, "config.json"))["options"]).toMatchObject({
        method: OTHER,
        methodName: "other-meanings",
        batches: 2,
        methodOptions: { radius: "long", fdl: 1 },
      });
    }
    expect(weights[1]!.equals(weights[0]!)).toBe(true);
  });

  it.each([
    [["--radius", "0.1"], 'Expected --radius to be one of short, long, got "0.1".'],
    [["--fdl", "3"], 'Expected --fdl to be a number from 1 to 2, got "3".'],
    [["--radius", "long", "--fdl", "2"], "Expected --fdl 1 with --radius long, got 2."],
    [["--grow", "2"], 'Expected options of method other-meanings, got "grow", which it does not have'],
  ])("checks values by its own ranges: %j", async (words, message) => {
    const { code, stderr } = await runApts(["train", "--method", OTHER, ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("is known by its content: one that is edited is told, one that is moved is the same", async () => {
    const folder = mkdtempSync(join(dirname(OTHER), "temporary-")); // where it finds apts/methods
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const text = readFileSync(OTHER, "utf8");
    const [first, second] = [join(folder, "a.mjs"), join(folder, "b.mjs")];
    writeFileSync(first, text);
    const out = join(temporaryFolder(), "run");
    const begun = ["train", "--method", first, "--out", out, ...SMALL, "--ranks", "1", "--threads", "1"];
    expect((await runApts([...begun, "--epochs", "1"])).code).toBe(0);
    renameSync(first, second);
    const again = ["train", "--resume", out, "--method", second, "--epochs"];
    const moved = await runApts([...again, "2"]);
    expect([moved.code, moved.stderr]).toEqual([0, expect.not.stringContaining("edited")]);
    writeFileSync(second, text.replace("long: 0.1", "long: 0.2"));
    const edited = await runApts([...again, "3"]);
    expect([edited.code, edited.stderr]).toEqual([
      0,
      expect.stringContaining("The module of the method has been edited since the run began"),
    ]);
  });

  it("is refused by name where a module has none, or cannot be loaded", async () => {
    const folder = temporaryFolder();
    const modules = {
      "empty.mjs": ["", "but it exports no method with a function create: it exports nothing"],
      "broken.mjs": ["export const method = ;", "but it cannot be loaded: Unexpected token"],
      "throws.mjs": ["\nthrow new Error('no');", "but it cannot be loaded, line 2: no."],
      "batches.mjs": [
        "export const method = { name: 'a', summary: 'b', source: 'c', options: {}, batches: 0, create() {} };",
        "but its batches are no whole number of at least 1",
      ],
      "built-in.mjs": [
        described("options: {}", "adam"),
        'to have a name of its own, got "adam", which is built in',
      ],
      "path.mjs": [
        described("options: {}", "../a"),
        'but its name is not one of letters, digits, dashes and dots: "../a"',
      ],
      "kebab.mjs": [described('options: { "my-opt": {} }'), 'its option "my-opt" has no name in camel case'],
      "help.mjs": [
        described("options: { help: {} }"),
        'its option "help" has a name that the command line needs',
      ],
      "plain.mjs": [described("options: { a: { help: 'x' } }"), 'its option "a" is not made by number'],
      "default.mjs": [
        described(
          "options: { a: { help: 'x', fallback: 1, parse() { throw new Error('Expected a to be 0.'); } } }",
        ),
        "but its default is refused: Expected a to be 0.",
      ],
      "run.mjs": [
        described("options: { epochs: { help: 'x', parse: (x) => x } }"),
        'to have other options than those of every run, got "epochs"',
      ],
      "job.mjs": [
        described("options: { resume: { help: 'x', parse: (x) => x } }"),
        'to have other options than those of every run, got "resume"',
      ],
    } as const;
    for (const [name, [text, message]] of Object.entries(modules)) {
      writeFileSync(join(folder, name), text);
      const { code, stderr } = await runApts(["train", "--method", `./${name}`], { cwd: folder });
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
    const missing = await runApts(["train", "--method", "./missing.mjs"], { cwd: folder });
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/Expected a module at .*missing\.mjs, but there is none/),
    ]);
    const misspelt = await runApts(["train", "--method", "sapt"]);
    expect([misspelt.code, misspelt.stderr]).toEqual([2, expect.stringMatching(/Did you mean "(s?)apts"\?/)]);
    expect(existsSync(join(folder, "runs"))).toBe(false);
  });

  it("trains from a program, by path or URL, and not as an object, which no other process can have", async () => {
    const { train } = (await importBuilt("src/index.ts")) as typeof Library;
    const request = { ranks: 2, epochs: 2, trainSamples: 500, testSamples: 100, verbose: false } as const;
    const summary = await train({
      ...request,
      method: new URL(`file://${POLYAK}`),
      target: 0.1,
      out: join(temporaryFolder(), "run"),
    });
    expect(summary).toMatchObject({ method: "polyak", epochs: 2 });
    await expect(train({ ...request, method: {} as "apts" })).rejects.toThrow(
      "Expected method to be the name of a method, or the path or URL of a module",
    );
  });
});
