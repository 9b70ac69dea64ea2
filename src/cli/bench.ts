import type { Command } from "commander";
import type { CommunicationTiming } from "../comm/benchmark.js";
import { computeOptions } from "../compute/options.js";
import { communicationOptions } from "../config/communication.js";
import {
  choice,
  flag,
  integer,
  integers,
  number,
  type OptionTable,
  type ValuesOf,
} from "../config/option.js";
import { launchApts } from "../job/launch-apts.js";
import { methods } from "../methods/registry.js";
import { MODEL_NAMES } from "../network/models/names.js";
import { fromVariables } from "../rank/environment.js";
import type { StepBenchmark } from "../run/step-benchmark.js";
import { drawnTable } from "../terminal.js";
import { showFailure } from "./exit.js";
import { actWith, json } from "./options.js";

const commOptions = {
  ranks: integer({ min: 2, max: 4096, fallback: 2, help: "processes" }),
  sizes: integers({
    min: 4,
    fallback: [1024, 108_544, 4 << 20, 46_756_048],
    help: "bytes of a message, multiples of 4",
  }),
  seconds: number({ min: 0.01, fallback: 1, help: "time for each operation and size" }),
  ...communicationOptions,
  json,
} satisfies OptionTable;

const networkOptions = {
  model: choice(MODEL_NAMES, { fallback: "fcnn", help: "network" }),
  batch: integer({ min: 1, fallback: 60_000, help: "samples of one evaluation" }),
  chunk: integer({ min: 1, fallback: 2500, help: "samples evaluated at once" }),
  rounds: integer({ min: 1, fallback: 7, help: "evaluations measured; their median counts" }),
  backend: computeOptions.backend,
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads" }),
  profile: flag({ fallback: false, help: "time of each kernel" }),
  json,
} satisfies OptionTable;

const stepOptions = {
  ranks: integer({ min: 1, max: 4096, fallback: 1, help: "processes" }),
  method: choice(
    methods.map(({ name }) => name),
    { fallback: "adam", help: "method, with its own settings" },
  ),
  batch: integer({ min: 1, max: 20_000, fallback: 128, help: "samples of a mini-batch" }),
  steps: integer({ min: 1, fallback: 1000, help: "steps measured as a whole, and as many part by part" }),
  backend: computeOptions.backend,
  blas: computeOptions.blas,
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads of a rank" }),
  ...communicationOptions,
  json,
} satisfies OptionTable;

/** `apts bench comm`, `apts bench compute` and `apts bench step`: what this machine gives. */
export function benchCommand(program: Command): void {
  const bench = program.command("bench").description("measure communication or computation on this machine");
  const comm = bench.command("comm").description("collectives by operation and size");
  actWith(comm, commOptions, async (options) => {
    process.exitCode = await onRanks(options, () => benchOnRank(options));
  });
  actWith(
    bench.command("compute").description("loss and gradient of a network"),
    networkOptions,
    benchCompute,
  );
  const step = bench.command("step").description("parts of a training step on a mini-batch of images");
  actWith(step, stepOptions, async (options) => {
    process.exitCode = await onRanks(options, () => benchStepOnRank(options));
  });
}

/** Runs this very command on so many ranks, each of which does `work`; returns the exit code. */
async function onRanks(
  options: ValuesOf<typeof communicationOptions> & { readonly ranks: number },
  work: () => Promise<void>,
): Promise<number> {
  if (fromVariables(process.env)) {
    await work();
    return 0;
  }
  const { ranks, insecure, sharedMemory } = options;
  const { exitCode, failure } = await launchApts(process.argv.slice(2), {
    ranks,
    insecure,
    sharedMemory,
    timeoutSeconds: 300,
    forwardSignals: true,
    onOutput: (_, __, stream, line) => void process[stream].write(`${line}\n`),
  });
  if (failure) showFailure(failure.description);
  return exitCode;
}

async function benchOnRank({ sizes, seconds, json }: ValuesOf<typeof commOptions>): Promise<void> {
  const { init } = await import("../comm/index.js");
  const { benchmarkCommunication } = await import("../comm/benchmark.js");
  const comm = await init();
  const timings = await benchmarkCommunication(comm, { sizes, seconds });
  if (comm.rank === 0) console.log(json ? JSON.stringify(timings, null, 2) : commTable(timings));
  await comm.close();
}

function commTable(timings: readonly CommunicationTiming[]): string {
  const rows = timings.map(({ operation, bytes, medianSeconds, minimumSeconds, gigabytesPerSecond }) => {
    const milliseconds = [medianSeconds, minimumSeconds].map((time) => (1000 * time).toFixed(3));
    return [operation, bytes, ...milliseconds, bytes > 0 ? gigabytesPerSecond.toFixed(2) : ""];
  });
  return drawnTable(rows, {
    head: ["operation", "bytes", "median ms", "minimum ms", "GB/s"],
    colAligns: ["left", "right", "right", "right", "right"],
  });
}

async function benchStepOnRank({ json, steps, ...options }: ValuesOf<typeof stepOptions>): Promise<void> {
  const { init } = await import("../comm/index.js");
  const { benchmarkSteps } = await import("../run/step-benchmark.js");
  const comm = await init();
  const { parts, ...result } = await benchmarkSteps(options, steps, comm);
  if (comm.rank === 0)
    console.log(json ? JSON.stringify({ ...result, parts }, null, 2) : stepTable(result, parts));
  await comm.close();
}

function stepTable(
  { medianMicroseconds, minimumMicroseconds, description }: Omit<StepBenchmark, "parts">,
  parts: StepBenchmark["parts"],
): string {
  const sum = Object.values(parts).reduce((a, b) => a + b, 0);
  const rows = Object.entries(parts).map(([part, time]) => [
    part,
    time.toFixed(1),
    `${((100 * time) / sum).toFixed(0)} %`,
  ]);
  const table = drawnTable(rows, { head: ["part", "µs", "share"], colAligns: ["left", "right", "right"] });
  const [median, minimum] = [medianMicroseconds, minimumMicroseconds].map((time) => time.toFixed(0));
  return `${description}\na step: median ${median} µs, minimum ${minimum} µs; its parts, ${sum.toFixed(0)} µs with the clocks between them:\n${table}`;
}

async function benchCompute({ json, ...options }: ValuesOf<typeof networkOptions>): Promise<void> {
  const { benchmarkCompute } = await import("../network/benchmark.js");
  const result = await benchmarkCompute(options);
  if (json) {
    console.log(JSON.stringify(result, null, 2));
    return;
  }
  const { profile, ...figures } = result;
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${name.padEnd(22)}${typeof value === "number" ? shown(value) : (value ?? "unknown")}`);
  }
  for (const line of profile ?? []) console.log(JSON.stringify(line));
}

/** Counts as they are, measurements to four digits. */
function shown(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}
