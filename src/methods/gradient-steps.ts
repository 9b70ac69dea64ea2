import { normInf, type Awaitable, type VectorSpace } from "../linalg/space.js";
import { SpareVectors } from "../linalg/spare-vectors.js";
import type { Vector } from "../linalg/vector.js";
import type { Method, State } from "./method.js";
import { leadsNowhere, type MethodContext } from "./problem.js";

/** How one gradient leads from state to state. */
export interface Rule<S extends State> {
  start(theta: Vector): S;
  /** The state given is spent, and so is `g`, the gradient of the batch at θ. Collective. */
  advance(state: S, g: Vector, at: Place): Awaitable<S>;
  evaluationPoint?(state: S): Vector;
}

/** Where a rule is at work. */
export interface Place {
  readonly space: VectorSpace;
  /** f(θ) */
  readonly loss: number;
  /** Room for a vector like θ that is going to be written whole, each time another: what of the state is replaced is made there. */
  readonly room: () => Vector;
}

/** A rule at work: one gradient of the batch's loss a step, no loss evaluations, every step taken that leads anywhere. */
export function gradientSteps<S extends State>(
  context: Pick<MethodContext, "fullBatch" | "tolerance">,
  rule: Rule<S>,
): Method<S> {
  let g: Vector = new Float32Array(0); // room for the gradient, nothing that is known
  const spare = new SpareVectors();
  return {
    ...rule,
    async step(state, { objective, space }) {
      const { theta } = state;
      if (g.length !== theta.length) g = new Float32Array(theta.length);
      const loss = await objective.gradient(theta, g);
      const gradientNorm = await normInf(space, g);
      if (leadsNowhere(context, gradientNorm))
        return { state, report: { loss, accepted: false, gradientNorm } };
      const room = spare.beside(Object.values(state), theta.length);
      const next = await rule.advance(state, g, { space, loss, room });
      return { state: next, report: { loss, accepted: true, gradientNorm } };
    },
  };
}
