import { addScaled, combine, normInf, scale, type Vector } from "../linalg/vector.js";
import type { Model, ModelState } from "../trust-region/model.js";
import type { RadiusRule } from "../trust-region/radius.js";
import { trustRegionStep } from "../trust-region/step.js";
import { gatherSlices } from "./gather-slices.js";
import { KnownPoints, type KnownPoint } from "./known.js";
import { localSolve } from "./local-solve.js";
import {
  decideOnRankZero,
  leadsNowhere,
  ownedSubdomains,
  type MethodContext,
  type MethodState,
  type Optimizer,
  type Problem,
  type StepReport,
} from "./problem.js";
import { ReferenceLoss } from "./reference-loss.js";

export interface AptsOptions {
  /** Where steps come from; it has seen nothing yet. */
  readonly model: Model;
  /** Repair a gathered step that raised the loss: turn it towards the gradient and shorten it. */
  readonly fdl: boolean;
  /** ν, local steps. */
  readonly localSteps: number;
  /** Trials with shrinking radius in one trust-region step. */
  readonly maxTrials: number;
  readonly tryLonger: boolean;
  /** W, accepted losses the acceptance looks back on; 1: monotone (docs/algorithms.md §8). */
  readonly window: number;
  readonly rule: RadiusRule;
  /** Δ⁰ */
  readonly radius: number;
}

/**
 * APTS and SAPTS, TCKK23 Algorithm 1, and NAPTS where the window is longer than 1: one call of `step` is one pass of
 * docs/algorithms.md §4.1–7, for the batch it is given (all samples: APTS; mini-batch after mini-batch: SAPTS). Every rank
 * runs this; the global objective and the gathering of slices are the only communication, beside rank 0's decisions.
 */
export function apts(context: MethodContext, options: AptsOptions, theta0: Vector): Optimizer {
  const { comm, decomposition } = context;
  const { model, rule, maxTrials, tryLonger } = options;
  const decide = decideOnRankZero(comm);
  const mine = ownedSubdomains(decomposition.subdomains.length, comm.rank, comm.size);
  const known = new KnownPoints(model);
  const reference = new ReferenceLoss(options.window);
  let theta = theta0;
  let radius = options.radius;

  async function step(problem: Problem): Promise<StepReport> {
    // 1  f_k = f(θ), g = ∇f(θ)
    const at = await known.at(problem, theta);
    const gradientNorm = normInf(at.g);
    if (leadsNowhere(context, gradientNorm)) {
      known.moveTo(at);
      return { loss: at.f, accepted: false, gradientNorm, radius };
    }
    const fRef = reference.at(problem, at.f);
    reference.passed(problem, at.f);

    // 2  ĝ = −g Δ / ‖g‖_∞ is made in 6, where it is needed

    // 3  up to ν trust-region steps on every subdomain, in parallel
    const corrections: Vector[] = [];
    for (const i of mine) {
      const R = decomposition.subdomains[i]!;
      const start = { x: R.restrict(theta), f: at.f };
      const thetaI = await localSolve(problem.local(i, theta), start, R.restrict(at.g), radius, {
        steps: options.localSteps,
        rule,
        model: model.restrict(R),
        maxTrials,
      });
      corrections.push(addScaled(thetaI, -1, start.x, new Float32Array(R.size)));
    }

    // 4  s = Σ R_iᵀ (θ_i,new − R_iθ)
    const s = await gatherSlices(comm, decomposition, corrections);

    // 5, 6  θ_½ = θ + s, repaired where it raised the loss
    const half = options.fdl ? await repaired(problem, at, s, fRef) : await unrepaired(problem, at, s);

    // 7  one global trust-region step from θ_½
    const result = await trustRegionStep(problem.objective, half, half.g, radius, {
      rule,
      model,
      maxTrials,
      tryLonger,
      reference: reference.at(problem, half.f),
      decide,
    });
    theta = result.x;
    radius = result.radius;
    known.moveTo(result.accepted ? undefined : half);
    if (result.missed) await known.showTrial(problem, result.missed);
    return { loss: result.f, accepted: result.accepted, gradientNorm, radius };
  }

  /** Step 5 without fdl; a loss that is not finite sends θ_½ back to θ (docs/algorithms.md §4 (d)). */
  async function unrepaired(problem: Problem, at: KnownPoint, s: Vector): Promise<KnownPoint> {
    const half = await known.evaluate(problem, addScaled(at.x, 1, s, new Float32Array(s.length)));
    return (await decide(() => Number.isFinite(half.f))) ? half : at;
  }

  /** Steps 5 and 6: while f(θ_½) > f_ref, turn the step towards ĝ and shorten it (docs/algorithms.md §4 (c)). */
  async function repaired(problem: Problem, at: KnownPoint, s: Vector, fRef: number): Promise<KnownPoint> {
    const { objective } = problem;
    const x = addScaled(at.x, 1, s, new Float32Array(s.length));
    let f = await objective.value(x);
    let good = await decide(() => f <= fRef);
    const largest = normInf(at.g);
    if (!good && largest > 0) {
      const gHat = scale(-radius / largest, at.g, new Float32Array(s.length));
      const d = new Float32Array(s.length);
      let shortened = radius;
      for (let fifths = 1; fifths <= 5 && !good; fifths++) {
        const w = fifths / 5;
        shortened = Math.max(rule.min, rule.shrink * shortened);
        combine(w, gHat, 1 - w, s, d);
        addScaled(at.x, shortened / normInf(d), d, x);
        f = await objective.value(x);
        good = await decide(() => f <= fRef);
      }
    }
    return good ? known.evaluate(problem, x) : at;
  }

  return {
    get theta() {
      return theta;
    },
    step,
    save: () => ({ radius, model: model.save(), known: known.save(), reference: reference.save() }),
    restore(restored, state, problem) {
      theta = restored;
      radius = state["radius"] as number;
      model.restore(state["model"] as ModelState);
      known.restore(state["known"] as MethodState, problem);
      reference.restore(state["reference"] as MethodState, problem);
    },
  };
}
