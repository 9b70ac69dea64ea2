import { createHash } from "node:crypto";
import { selfCommunicator, type Communicator } from "../comm/index.js";
import { integer, number, text, type ValuesOf } from "../config/option.js";
import { resolveOptions, splitSources, type Given } from "../config/resolve.js";
import { describe } from "../data/arrays.js";
import { byRanges } from "../decomposition/ranges.js";
import { UsageError } from "../errors.js";
import type { MethodDescription } from "../methods/description.js";
import { findMethod, type MethodName, type MethodOptions } from "../methods/registry.js";
import { expectOwnNames, refuseOthers, tableOf, withPresets } from "../run/options/of-methods.js";
import { descend, type Minimum, type Watch } from "./descent.js";
import { PlainProblem, type PlainFunction } from "./plain-problem.js";

const minimiseOptions = {
  method: text({ fallback: "lbfgs", placeholder: "NAME|FILE", help: "how to minimise" }),
  maxIterations: integer({ min: 1, max: 1_000_000_000, fallback: 1000, help: "steps at most" }),
  tolerance: number({ min: 0, fallback: 1e-6, help: "end when no component of the gradient is larger" }),
  subdomains: integer({ min: 1, fallback: undefined, help: "subdomains (default: as many as ranks)" }),
  parts: integer({ min: 1, max: 1_000_000, fallback: undefined, help: "parts that f is the sum of" }),
};

/** What `minimise` takes beside f and x0: what stands here, and every option of the method under its name. */
export interface MinimiseRequest extends MethodOptions, Watch {
  /** A built-in method, `lbfgs` where none is named; for one of a program's own see `OwnMethodMinimiseRequest`. */
  readonly method?: MethodName | undefined;
  /** Steps at most; default 1000. */
  readonly maxIterations?: number | undefined;
  /** It has converged when no component of the gradient is larger; default 1e-6. */
  readonly tolerance?: number | undefined;
  /**
   * Of methods that decompose (apts, sapts, napts): runs of neighbouring variables. Of apts-d: runs of neighbouring parts.
   * Default: as many as ranks.
   */
  readonly subdomains?: number | undefined;
  /** The ranks to minimise on, from `init()`, all of which call `minimise` alike. Default: this process alone. */
  readonly comm?: Communicator | undefined;
  /**
   * f is the sum of so many parts, any of which any rank can evaluate. Default: one a rank, part r known to rank r alone.
   */
  readonly parts?: number | undefined;
}

/** The same with a method of one's own, a module that exports `method`, which has its options. */
export interface OwnMethodMinimiseRequest extends Omit<MinimiseRequest, "method" | keyof MethodOptions> {
  readonly method: URL | `${string}.${"js" | "mjs" | "cjs" | "ts" | "mts"}`;
  readonly [option: string]: unknown;
}

/**
 * Minimises a smooth function of n variables from x0 on, with its gradient, by a method of the registry; on the ranks of
 * `comm` the sum of their parts. x and gradients are float32, f is float64. x0 is left alone.
 *
 * @throws UsageError for what cannot be, such as an f that does not write its gradient; DivergedError where f is not finite
 */
export async function minimise(
  f: PlainFunction,
  x0: ArrayLike<number>,
  request: MinimiseRequest | OwnMethodMinimiseRequest = {},
): Promise<Minimum> {
  checkRequest(f, request);
  const start = startOf(x0);
  const { comm = selfCommunicator(), onIteration, signal, ...given } = request as MinimiseRequest;
  const { method, options, methodOptions } = await optionsOf(given);
  const { maxIterations, tolerance, parts = comm.size } = options;
  const subdomains = subdomainsOf(method, options, comm.size);
  await expectAlike(comm, start, [method.name, maxIterations, tolerance, parts, subdomains, methodOptions]);

  const decomposition = byRanges(start.length, method.decomposes ? subdomains : 1);
  const shards = method.shards && subdomains;
  const problem = new PlainProblem(f, { comm, decomposition, parts, shards });
  const once = { plannedSteps: maxIterations, stepsPerEpoch: 1, fullBatch: true, isExact: true };
  const whole = { name: "x", shape: [start.length], offset: 0, size: start.length, layer: 0 };
  const context = { comm, decomposition, tensors: [whole], tolerance, ...once };
  return descend(method.create(context, methodOptions), start, problem, context, { onIteration, signal });
}

function checkRequest(f: unknown, request: unknown): void {
  if (typeof f !== "function") {
    throw new UsageError(
      `Expected f(x, gradient), a function that returns f at x and writes its gradient over the second argument, got ${describe(f)}.`,
    );
  }
  if (typeof request !== "object" || request === null || Array.isArray(request))
    throw new UsageError(
      `Expected minimise(f, x0, { method, … }), an object of options, got ${describe(request)}.`,
    );
  const { method, comm, onIteration, signal } = request as MinimiseRequest;
  if (method !== undefined && typeof method !== "string" && !((method as unknown) instanceof URL)) {
    throw new UsageError(
      `Expected method to be the name of a method, or the path or URL of a module that exports method, got ${describe(method)}.`,
    );
  }
  if (
    "comm" in request &&
    typeof (comm as Partial<Communicator> | null | undefined)?.allreduce !== "function"
  )
    throw new UsageError(`Expected comm to be a communicator, await init(), got ${describe(comm)}.`);
  if (onIteration !== undefined && typeof onIteration !== "function")
    throw new UsageError(`Expected onIteration to be a function, got ${describe(onIteration)}.`);
  if (signal !== undefined && typeof (signal as Partial<AbortSignal>).addEventListener !== "function")
    throw new UsageError(`Expected signal to be an AbortSignal, got ${describe(signal)}.`);
}

/** x0 in float32. */
function startOf(x0: unknown): Float32Array {
  const isArray = Array.isArray(x0) || (ArrayBuffer.isView(x0) && !(x0 instanceof DataView));
  const values: readonly unknown[] = isArray ? Array.from(x0 as ArrayLike<unknown>) : [];
  if (values.length === 0)
    throw new UsageError(
      `Expected x0 to be an array of numbers, one for each variable, got ${describe(x0)}.`,
    );
  const start = Float32Array.from(values, (value) => (typeof value === "number" ? value : NaN));
  const at = start.findIndex((value) => !Number.isFinite(value));
  if (at !== -1)
    throw new UsageError(
      `Expected x0 to hold numbers that float32 has, got ${describe(values[at])} at index ${at}.`,
    );
  return start;
}

type MinimiseOptions = ValuesOf<typeof minimiseOptions>;

/** The method asked for, and what it and the minimisation are told. */
async function optionsOf(values: Readonly<Record<string, unknown>>): Promise<{
  readonly method: MethodDescription;
  readonly options: MinimiseOptions;
  readonly methodOptions: Readonly<Record<string, unknown>>;
}> {
  const { method: named } = values;
  const given: Given = {
    source: { kind: "program" },
    values: { ...values, method: named instanceof URL ? named.href : named },
  };
  const own = splitSources([given], { method: minimiseOptions.method }).inTable;
  const method = await findMethod(resolveOptions({ method: minimiseOptions.method }, own).method);
  expectOwnNames(method, minimiseOptions);
  refuseOthers(method, [given]);
  const table = { ...minimiseOptions, ...tableOf(method) };
  const options = resolveOptions(table, withPresets(method, [given])) as MinimiseOptions &
    Record<string, unknown>;
  const methodOptions = Object.fromEntries(Object.keys(method.options).map((name) => [name, options[name]]));
  method.check?.(methodOptions);
  return { method, options, methodOptions };
}

/** N; 1 for a method that knows no subdomains. Without `parts` a rank evaluates one of them alone, its shard. */
function subdomainsOf(
  { name, decomposes, shards }: MethodDescription,
  { subdomains, parts }: MinimiseOptions,
  ranks: number,
): number {
  if (shards) return checkedShards(subdomains ?? ranks, parts ?? ranks);
  if (!decomposes) {
    if (subdomains === undefined) return 1;
    throw new UsageError(
      `Expected subdomains with a method that works on them, got method ${name}. Leave subdomains out, or use apts.`,
    );
  }
  if (ranks > 1 && parts === undefined) {
    throw new UsageError(
      `Expected parts with method ${name} on ${ranks} ranks, each of which evaluates all of f for its subdomains. ` +
        "Say into how many parts f(x, gradient, part) is divided, or use a method without subdomains (lbfgs, tr).",
    );
  }
  return subdomains ?? ranks;
}

/** @throws UsageError where there are fewer parts than shards of them */
function checkedShards(shards: number, parts: number): number {
  if (shards <= parts) return shards;
  throw new UsageError(
    `Expected at most ${parts} subdomains, one for each part of f, got ${shards}. Say with parts into how many f(x, gradient, part) is divided.`,
  );
}

/** @throws UsageError on all ranks where they do not minimise alike */
async function expectAlike(comm: Communicator, start: Float32Array, told: unknown): Promise<void> {
  if (comm.size === 1) return;
  const hash = createHash("sha256").update(start).update(JSON.stringify(told)).digest("hex");
  const all = await comm.allgatherObject(hash);
  const other = all.findIndex((one) => one !== all[0]);
  if (other === -1) return;
  throw new UsageError(
    `Expected the same x0 and options on all ranks, but rank ${other} has others than rank 0.`,
  );
}
