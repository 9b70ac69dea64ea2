import { normInf, type Awaitable, type VectorSpace } from "../../linalg/space.js";
import { roomFor, type Vector } from "../../linalg/vector.js";
import type { Method, State } from "../method.js";
import { leadsNowhere, type MethodContext } from "../problem.js";

/** A rule that finds its own step length (docs/algorithms.md §13): how one gradient leads from state to state. */
export interface Rule<S extends State> {
  start(theta: Vector): S;
  /** The state given is spent, and so is `g`, the gradient of the batch at θ, where its loss is `loss`. Collective. */
  advance(state: S, g: Vector, space: VectorSpace, loss: number): Awaitable<S>;
  evaluationPoint?(state: S): Vector;
}

/** A rule at work: one gradient of the batch's loss a step, no loss evaluations, every step taken that leads anywhere. */
export function parameterFree<S extends State>(
  context: Pick<MethodContext, "fullBatch" | "tolerance">,
  rule: Rule<S>,
): Method<S> {
  let g: Vector = new Float32Array(0); // room for the gradient, nothing that is known
  return {
    ...rule,
    async step(state, { objective, space }) {
      const { theta } = state;
      if (g.length !== theta.length) g = new Float32Array(theta.length);
      const loss = await objective.gradient(theta, g);
      const gradientNorm = await normInf(space, g);
      if (leadsNowhere(context, gradientNorm))
        return { state, report: { loss, accepted: false, gradientNorm } };
      const next = await rule.advance(state, g, space, loss);
      return { state: next, report: { loss, accepted: true, gradientNorm } };
    },
  };
}

/**
 * θ as where it started and how far it has come. The first steps are a millionth of θ, of which the float32 of θ keeps a
 * digit or two; the distance, which these rules live on, keeps them all.
 */
export interface Travelled extends State {
  /** θ₀ */
  readonly origin: Vector;
  /** θ − θ₀ */
  readonly offset: Vector;
}

export function setOut(theta: Vector): Travelled {
  return { theta, origin: theta, offset: new Float32Array(theta.length) };
}

/** θ₀ + (θ − θ₀), after the offset has changed. */
export function arrived({ origin, offset }: Travelled): Travelled {
  const theta = roomFor(origin.length);
  for (let i = 0; i < theta.length; i++) theta[i] = origin[i]! + offset[i]!;
  return { theta, origin, offset };
}
