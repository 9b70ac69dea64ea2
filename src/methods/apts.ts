import { addScaled, combine, normInf, scale, type Vector } from "../linalg/vector.js";
import { firstOrder } from "../trust-region/first-order.js";
import type { Objective } from "../trust-region/objective.js";
import { globalRule, initialRadius, type RadiusRule } from "../trust-region/radius.js";
import { trustRegionStep, type Iterate } from "../trust-region/step.js";
import { gatherSlices } from "./gather-slices.js";
import { localSolve } from "./local-solve.js";
import {
  decideOnRankZero,
  ownedSubdomains,
  type MethodContext,
  type Optimizer,
  type Problem,
  type StepReport,
} from "./problem.js";

export interface AptsOptions {
  /** First-order dogleg-like repair: mix the gathered step with the gradient where it raised the loss. */
  readonly fdl: boolean;
  /** ν, local steps. */
  readonly localSteps: number;
  /** Trials with shrinking radius in one trust-region step. */
  readonly maxTrials: number;
  readonly rule: RadiusRule;
  /** Δ⁰ */
  readonly radius: number;
}

export const aptsDefaults: AptsOptions = {
  fdl: true,
  localSteps: 5,
  maxTrials: 10,
  rule: globalRule,
  radius: initialRadius,
};

/** What is known at θ from the last step on the same batch. */
interface Known {
  readonly problem: Problem;
  readonly f: number;
  /** Present where the last step ended at the point of its gradient. */
  readonly g: Vector | undefined;
}

/**
 * APTS and SAPTS, TCKK23 Algorithm 1: one call of `step` is one pass of ALGORITHMS §4.1–7, for the batch it is given
 * (all samples: APTS; mini-batch after mini-batch: SAPTS). Every rank runs this; the global objective and the
 * gathering of slices are the only communication, beside rank 0's decisions.
 */
export function apts(context: MethodContext, options: AptsOptions, theta0: Vector): Optimizer {
  const { comm, decomposition } = context;
  const decide = decideOnRankZero(comm);
  const mine = ownedSubdomains(decomposition.subdomains.length, comm.rank, comm.size);
  const { rule, maxTrials } = options;

  let theta = theta0;
  let radius = options.radius;
  let known: Known | undefined;

  async function step(problem: Problem): Promise<StepReport> {
    const { objective } = problem;

    // 1  f_k = f(θ), g = ∇f(θ)
    const { f: fk, g } = await lossAndGradient(problem);

    // 2  ĝ = −g Δ / ‖g‖_∞ is made in 6, where it is needed

    // 3  up to ν trust-region steps on every subdomain, in parallel
    const corrections: Vector[] = [];
    for (const i of mine) {
      const R = decomposition.subdomains[i]!;
      const start = R.restrict(theta);
      const thetaI = await localSolve(problem.local(i, theta), { x: start, f: fk }, R.restrict(g), radius, {
        steps: options.localSteps,
        rule,
        model: firstOrder,
        maxTrials,
      });
      corrections.push(addScaled(thetaI, -1, start, thetaI));
    }

    // 4  s = Σ R_iᵀ (θ_i,new − R_iθ)
    const s = await gatherSlices(comm, decomposition, corrections);

    // 5, 6  θ_½ = θ + s, repaired where it raised the loss
    const half = options.fdl
      ? await repaired(objective, { x: theta, f: fk }, g, s)
      : await unrepaired(objective, { x: theta, f: fk }, g, s);

    // 7  one global trust-region step from θ_½
    const result = await trustRegionStep(objective, half, half.g, radius, {
      rule,
      model: firstOrder,
      maxTrials,
      decide,
    });
    theta = result.x;
    radius = result.radius;
    known = { problem, f: result.f, g: result.accepted ? undefined : half.g };
    return { loss: result.f, accepted: result.accepted, radius };
  }

  /** Step 1, reusing what the last step on this batch left (ALGORITHMS §4 (e)). */
  async function lossAndGradient(problem: Problem): Promise<{ f: number; g: Vector }> {
    if (known?.problem === problem && known.g) return { f: known.f, g: known.g };
    const g = new Float32Array(theta.length);
    return { f: await problem.objective.gradient(theta, g), g };
  }

  /** Step 5 without fdl; a loss that is not finite sends θ_½ back to θ (ALGORITHMS §4 (d)). */
  async function unrepaired(
    objective: Objective,
    at: Iterate,
    g: Vector,
    s: Vector,
  ): Promise<Iterate & { g: Vector }> {
    const x = addScaled(at.x, 1, s, new Float32Array(s.length));
    const gHalf = new Float32Array(s.length);
    const f = await objective.gradient(x, gHalf);
    return (await decide(() => Number.isFinite(f))) ? { x, f, g: gHalf } : { ...at, g };
  }

  /** Steps 5 and 6: while f(θ_½) > f_k, turn the step towards ĝ and shorten it (ALGORITHMS §4 (c)). */
  async function repaired(
    objective: Objective,
    at: Iterate,
    g: Vector,
    s: Vector,
  ): Promise<Iterate & { g: Vector }> {
    const x = addScaled(at.x, 1, s, new Float32Array(s.length));
    let f = await objective.value(x);
    let better = await decide(() => f <= at.f);
    const largest = normInf(g);
    if (!better && largest > 0) {
      const gHat = scale(-radius / largest, g, new Float32Array(g.length));
      const d = new Float32Array(s.length);
      let shortened = radius;
      for (let fifths = 1; fifths <= 5 && !better; fifths++) {
        const w = fifths / 5;
        shortened = Math.max(rule.min, rule.shrink * shortened);
        combine(w, gHat, 1 - w, s, d);
        addScaled(at.x, shortened / normInf(d), d, x);
        f = await objective.value(x);
        better = await decide(() => f <= at.f);
      }
    }
    if (!better) return { ...at, g };
    const gHalf = new Float32Array(s.length);
    await objective.gradient(x, gHalf);
    return { x, f, g: gHalf };
  }

  return {
    get theta() {
      return theta;
    },
    step,
    save: () => ({ radius }),
    restore(restored, state) {
      theta = restored;
      radius = state["radius"] as number;
      known = undefined;
    },
  };
}
