import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../helpers/built.js";
import { installPacked } from "../helpers/installed.js";

const run = promisify(execFile);

/** A user's program in TypeScript that does not import TensorFlow.js. */
const PROGRAM = `
import { createLocalGroup, init, loadModel, methods, minimise, train, UsageError } from "apts";
import type { Communicator, Decomposition, IterationReport, MinimiseRequest, Minimum, PlainFunction, Summary } from "apts";
import { defineMethod, normInf, number, type Vector } from "apts/methods";

const f: PlainFunction = (x, gradient) => {
  gradient?.set([2 * x[0]!]);
  return x[0]! ** 2;
};
const request: MinimiseRequest = { method: "tr", direction: "l-sr1", onIteration: ({ f }: IterationReport) => f > 1 };
export const least: Promise<Minimum> = minimise(f, [3], request);
export const summary: Promise<Summary> = train({ ranks: 2, method: "adam", learningRate: 0.1 });
export const comm: Promise<Communicator> = init();
export const local: Communicator[] = createLocalGroup(2);
export const names: string[] = methods.map(({ name }) => name);
export const predicted = async (): Promise<unknown> => (await loadModel("model.json")).predict([]);
export const isUsage = (error: unknown): error is UsageError => error instanceof UsageError && error.exitCode === 2;
export const subdomains = ({ subdomains }: Decomposition): number => subdomains.length;
export const method = defineMethod({
  name: "steepest", summary: "", source: "", batches: 1,
  options: { length: number({ min: 0, fallback: 1, help: "" }) },
  create: (_, { length }) => ({
    start: (theta: Vector) => ({ theta }),
    async step({ theta }, { objective, space }) {
      const g = new Float32Array(theta.length);
      const loss = await objective.gradient(theta, g);
      const next = theta.map((value, i) => value - length * g[i]!);
      return { state: { theta: next }, report: { loss, accepted: true, gradientNorm: await normInf(space, g) } };
    },
  }),
});
// @ts-expect-error no such method
void minimise(f, [1], { method: "newton" });
// @ts-expect-error a number
void minimise(f, [1], { tolerance: "small" });
// @ts-expect-error f returns its value
void minimise(() => {}, [1]);
// @ts-expect-error no model
void train({ model: 5 });
`;

const USES_TENSORFLOW = `
import * as tf from "@tensorflow/tfjs";
import { loadModel, train, type ModelRequest } from "apts";

const model: tf.Sequential = tf.sequential();
const samples = { features: tf.zeros([2, 2]), labels: tf.zeros([2]) };
void train({ model, data: { train: samples, test: samples } });
export const loaded = async () => (await loadModel("model.json")) as tf.LayersModel;
export const again = async () => train({ model: await loadModel("model.json") });
export const createModel = ({ tf }: ModelRequest): tf.LayersModel => tf.sequential();
`;

const REQUIRES = `
const apts = require("apts");
const { defineMethod } = require("apts/methods");
const f = (x, gradient) => {
  gradient?.set([2 * x[0]]);
  return x[0] ** 2;
};
(async () => {
  const imported = await import("apts");
  const { x } = await apts.minimise(f, [3]);
  const small = { ranks: 2, trainSamples: 200, testSamples: 50, hidden: [4], epochs: 1, out: "run" };
  const { epochs } = await apts.train(small);
  console.log(apts === imported, typeof defineMethod, x[0], epochs);
})();
`;

let bare: string;
let whole: string;
beforeAll(async () => {
  [bare, whole] = ["bare", "whole"].map((name) => mkdtempSync(join(tmpdir(), `apts-test-${name}-`))) as [
    string,
    string,
  ];
  await installPacked(bare, []);
  await installPacked(whole, "all");
}, 300_000);
afterAll(() => {
  for (const folder of [bare, whole]) rmSync(folder, { recursive: true, force: true });
});

/** What the compiler says of a program in `folder`. */
async function compiled(folder: string, file: string, source: string, options: object): Promise<unknown> {
  writeFileSync(join(folder, file), source);
  const compilerOptions = { strict: true, noUncheckedIndexedAccess: true, target: "ES2022", noEmit: true };
  const config = join(folder, `${file}.json`);
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, files: [file] }),
  );
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  return run(process.execPath, [tsc, "-p", config]).catch((error: unknown) => error);
}

const SETTINGS = [
  { file: "program.mts", module: "node16" },
  { file: "program.cts", module: "node16" },
  { file: "program.cts", module: "nodenext" },
  { file: "program.ts", module: "esnext", moduleResolution: "bundler" },
];
const CLEAN = { stdout: "", stderr: "" };

describe("a program in TypeScript", { timeout: 300_000 }, () => {
  // With no other package there, whose types could be missed or be at fault.
  it.each(SETTINGS)("checks all declarations: $file, $module", async ({ file, ...options }) => {
    const all = { ...options, skipLibCheck: false, exactOptionalPropertyTypes: true };
    expect(await compiled(bare, file, PROGRAM, all)).toEqual(CLEAN);
  });

  it.each(SETTINGS.filter(({ file }) => file !== "program.cts"))(
    "with TensorFlow.js, whose own declarations are not to be checked: $file, $module",
    async ({ file, ...options }) => {
      expect(await compiled(whole, file, USES_TENSORFLOW, { ...options, skipLibCheck: true })).toEqual(CLEAN);
    },
  );
});

describe("a CommonJS program", () => {
  it.runIf(process.features.require_module)("requires what others import", async () => {
    writeFileSync(join(whole, "program.cjs"), REQUIRES);
    const { stdout, stderr } = await run(process.execPath, ["program.cjs"], { cwd: whole });
    expect({ stdout, stderr }).toEqual({ stdout: "true function 0 1\n", stderr: "" });
  });

  it("is told what to do where Node.js cannot require ES modules", async () => {
    writeFileSync(
      join(whole, "old.cjs"),
      'for (const name of ["apts", "apts/methods"]) try { require(name) } catch (error) { console.log(error.message) }\n' +
        'import("apts").then(({ minimise }) => console.log(typeof minimise));',
    );
    const flags = process.features.require_module ? ["--no-experimental-require-module"] : [];
    const { stdout } = await run(process.execPath, [...flags, "old.cjs"], { cwd: whole });
    const told = `Expected Node.js 20.19, 22.12 or later for require("apts"), got ${process.version}, which cannot require an ES module. Use a later Node.js, or await import("apts"), which every version can.\n`;
    expect(stdout).toBe(`${told}${told}function\n`);
  });
});
