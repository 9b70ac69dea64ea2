import { normInf, type Vector } from "../../linalg/vector.js";
import { leadsNowhere, type MethodContext, type Optimizer } from "../problem.js";

/** A first-order rule (docs/algorithms.md §11): how one gradient moves θ, with the vectors it remembers by name. */
export interface UpdateRule<Memory extends string = string> {
  /** What is remembered from step to step, each a vector like θ that starts at zero. */
  readonly remembers: readonly Memory[];
  /** out ← the iterate after step t = 1, 2, …; updates `memory` in place. `theta` and `g` are only read. */
  update(t: number, memory: Readonly<Record<Memory, Vector>>, theta: Vector, g: Vector, out: Vector): void;
}

/** A rule at work: one gradient of the batch's loss a step, no loss evaluations, every step taken that leads anywhere. */
export function gradientMethod(context: MethodContext, rule: UpdateRule, theta0: Vector): Optimizer {
  const memory = Object.fromEntries(rule.remembers.map((name) => [name, new Float32Array(theta0.length)]));
  const g = new Float32Array(theta0.length);
  let theta = theta0;
  let t = 0;

  return {
    get theta() {
      return theta;
    },
    async step({ objective }) {
      const loss = await objective.gradient(theta, g);
      const gradientNorm = normInf(g);
      if (leadsNowhere(context, gradientNorm)) return { loss, accepted: false, gradientNorm };
      const next = new Float32Array(theta.length);
      t += 1;
      rule.update(t, memory, theta, g, next);
      theta = next;
      return { loss, accepted: true, gradientNorm };
    },
    save: () => ({
      t,
      memory: Object.fromEntries(Object.entries(memory).map(([name, vector]) => [name, vector.slice()])),
    }),
    restore(restored, state) {
      theta = restored;
      t = state["t"] as number;
      for (const [name, vector] of Object.entries(state["memory"] as Record<string, Vector>)) {
        memory[name]!.set(vector);
      }
    },
  };
}
