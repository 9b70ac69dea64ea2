import { selfCommunicator } from "../../../src/comm/index.js";
import { resolveOptions } from "../../../src/config/resolve.js";
import type { Vector } from "../../../src/linalg/vector.js";
import type { Method, State, StepReport } from "../../../src/methods/method.js";
import type { MethodContext, Problem } from "../../../src/methods/problem.js";
import { methodNamed } from "../../../src/methods/registry.js";

/** A registered method as a run creates it, alone and on the full batch where nothing else is said. */
export function createMethod(
  name: string,
  options: object,
  context: Partial<MethodContext> & Pick<MethodContext, "decomposition">,
): Method {
  const description = methodNamed(name);
  const values = resolveOptions(description.options, [
    { source: { kind: "program" }, values: { ...options } },
  ]);
  const { dimension: size } = context.decomposition;
  const tensors = [{ name: "x", shape: [size], offset: 0, size, layer: 0 }];
  const alone = { comm: selfCommunicator(), tensors, fullBatch: true, tolerance: 0 };
  const steps = { plannedSteps: 100, stepsPerEpoch: 1 };
  return description.create({ ...alone, ...steps, ...context }, values);
}

/** What some steps led to. */
export interface Outcome<S extends State = State> {
  readonly state: S;
  /** θ after each step. */
  readonly path: readonly Vector[];
  readonly reports: readonly StepReport[];
}

/**
 * Steps from `state`, which is spent.
 * @param on the problem of step k = 0, 1, …
 */
export async function go<S extends State>(
  method: Method<S>,
  state: S,
  on: Problem | ((k: number) => Problem),
  steps: number,
): Promise<Outcome<S>> {
  const path: Vector[] = [];
  const reports: StepReport[] = [];
  for (let k = 0; k < steps; k++) {
    const after = await method.step(state, typeof on === "function" ? on(k) : on);
    ({ state } = after);
    path.push(state.theta.slice()); // later ones may be made in its place
    reports.push(after.report);
  }
  return { state, path, reports };
}
