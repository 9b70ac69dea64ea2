import type { Vector } from "../../linalg/vector.js";
import { gradientSteps } from "../gradient-steps.js";
import type { Method, State } from "../method.js";
import type { MethodContext } from "../problem.js";

/** A step of a rule. */
export interface RuleStep {
  /** 1, 2, … */
  readonly t: number;
  /** η_t, the learning rate. */
  readonly rate: number;
}

/** A first-order rule (docs/algorithms.md §11): how one gradient moves θ, with the vectors it remembers by name. */
export interface UpdateRule<Memory extends string = string> {
  /** What is remembered from step to step, each a vector like θ that starts at zero. */
  readonly remembers: readonly Memory[];
  /** out ← the iterate after the step; updates `memory` in place. `theta` and `g` are only read. */
  update(
    step: RuleStep,
    memory: Readonly<Record<Memory, Vector>>,
    theta: Vector,
    g: Vector,
    out: Vector,
  ): void;
}

interface RuleState extends State {
  /** Steps taken. */
  readonly t: number;
  readonly memory: Readonly<Record<string, Vector>>;
}

/**
 * A method of such a rule.
 * @param rateOf η_t
 */
export function gradientMethod(
  context: Pick<MethodContext, "fullBatch" | "tolerance">,
  rateOf: (t: number) => number,
  rule: UpdateRule,
): Method<RuleState> {
  return gradientSteps(context, {
    start: (theta) => ({
      theta,
      t: 0,
      memory: Object.fromEntries(rule.remembers.map((name) => [name, new Float32Array(theta.length)])),
    }),
    advance({ theta, t: before, memory }, g, { room }) {
      const t = before + 1;
      const next = room();
      rule.update({ t, rate: rateOf(t) }, memory, theta, g, next);
      return { theta: next, t, memory };
    },
  });
}
