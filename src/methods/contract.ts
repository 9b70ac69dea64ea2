import { createHash } from "node:crypto";
import type { Communicator } from "../comm/communicator.js";
import { AptsError } from "../errors.js";
import type { Vector } from "../linalg/vector.js";
import type { Method, State, StepReport } from "./method.js";

type Taken = Awaited<ReturnType<Method["step"]>>;

/**
 * A user's method held to what a method promises: vectors of n float32 for θ and the point it is judged at, a report of
 * numbers, a state that a checkpoint can hold, and the same steps on all ranks, which is compared after steps 1, 2, 4,
 * 8, …
 * @throws AptsError that names the method and what it returned
 */
export function heldToContract(name: string, comm: Communicator, method: Method): Method {
  const broken = (of: string, expected: string, got: unknown): AptsError =>
    new AptsError(`Expected ${of} of method ${name} to ${expected}, got ${describe(got)}.`);
  for (const of of ["start", "step"] as const) {
    if (typeof (method as Method | undefined)?.[of] !== "function")
      throw broken("create", `return { start, step }, both functions`, method);
  }
  let steps = 0;

  function expectVector(of: string, value: unknown, size: number): Vector {
    if (value instanceof Float32Array && value.length === size) return value;
    throw broken(of, `give a Float32Array of ${size} numbers`, value);
  }

  function expectState(of: string, state: unknown, size: number): State {
    expectVector(`${of}: theta`, (state as Partial<State> | undefined)?.theta, size);
    const found = notPlain(state, "state", new Set());
    if (found)
      throw broken(of, `hold plain values and vectors, which checkpoints keep, in ${found.at}`, found.value);
    return state as State;
  }

  function judgedAt(state: State): Vector {
    return method.evaluationPoint
      ? expectVector("evaluationPoint", method.evaluationPoint(state), state.theta.length)
      : state.theta;
  }

  return {
    start: (theta0) => expectState("start", method.start(theta0), theta0.length),
    async step(before, problem) {
      const size = before.theta.length;
      const result = (await method.step(before, problem)) as Partial<Taken> | undefined;
      const state = expectState("step", result?.state, size);
      const report = expectReport(result?.report);
      steps++;
      if (Number.isInteger(Math.log2(steps))) await expectAlike(state);
      return { state, report };
    },
    evaluationPoint: judgedAt,
  };

  function expectReport(report: Partial<StepReport> | undefined): StepReport {
    const { loss, accepted, gradientNorm, radius } = report ?? {};
    const isReport =
      typeof loss === "number" &&
      typeof accepted === "boolean" &&
      typeof gradientNorm === "number" &&
      (radius === undefined || typeof radius === "number");
    if (isReport) return report as StepReport;
    throw broken(
      "step",
      "report { loss: number, accepted: boolean, gradientNorm: number, radius?: number }",
      report,
    );
  }

  async function expectAlike(state: State): Promise<void> {
    const hash = createHash("sha256").update(state.theta).update(judgedAt(state)).digest("hex");
    const all = await comm.allgatherObject(hash);
    const other = all.findIndex((one) => one !== all[0]);
    if (other === -1) return;
    throw new AptsError(
      `Expected method ${name} to take the same steps on all ranks, but after step ${steps} rank ${other} is elsewhere than rank 0. ` +
        "What is random, or is measured, must be rank 0's: decideOnRankZero.",
    );
  }
}

/** What of `value` a checkpoint could not give back as it was, and where. */
function notPlain(
  value: unknown,
  at: string,
  around: ReadonlySet<unknown>,
): { at: string; value: unknown } | undefined {
  if (value === null || ["boolean", "number", "string"].includes(typeof value)) return undefined;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return undefined;
  const isPlain =
    typeof value === "object" && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
  if (!isPlain || around.has(value)) return { at, value };
  const within = new Set([...around, value]);
  for (const [key, entry] of Object.entries(value)) {
    const found = notPlain(entry, `${at}.${key}`, within);
    if (found) return found;
  }
  return undefined;
}

function describe(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${(value as Vector).length}`;
  if (typeof value !== "object" || value === null)
    return typeof value === "function" ? "a function" : String(value);
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype) return `{ ${Object.keys(value).join(", ")} }`;
  return prototype === null ? "an object without prototype" : `an object of ${prototype.constructor.name}`;
}
