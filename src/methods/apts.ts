import { flag, integer } from "../config/option.js";
import { normInf } from "../linalg/space.js";
import { addScaled, combine, roomFor, scale, type Vector } from "../linalg/vector.js";
import type { PointWithGradient } from "../trust-region/point.js";
import { defineMethod } from "./description.js";
import { localCorrection } from "./local-solve.js";
import type { Method } from "./method.js";
import { decideOnRankZero, type MethodContext } from "./problem.js";
import {
  checkWalk,
  judgedWalk,
  judgeEvery,
  walkOf,
  WALK_RADIUS,
  walkRadius,
  withRadius,
} from "./mini-batch-options.js";
import { stochastic } from "./stochastic.js";
import { parameterSubdomains } from "./subdomains.js";
import type { Surroundings } from "./surroundings.js";
import {
  checkRadii,
  partsOf,
  published,
  recommended,
  trustRegionOptions,
  vectorsOf,
  type TrustRegionParts,
} from "./trust-region-options.js";
import { globalStep, windowed, type WindowedState } from "./windowed.js";

export interface AptsOptions extends TrustRegionParts {
  /** Repair a gathered step that raised the loss: turn it towards the gradient and shorten it. */
  readonly fdl: boolean;
  /** ν, local steps. */
  readonly localSteps: number;
}

/**
 * APTS and SAPTS, TCKK23 Algorithm 1: one call of `step` is one pass of docs/algorithms.md §4.1–7, for the batch it is
 * given (all samples: APTS; mini-batch after mini-batch: SAPTS). Every rank runs this; the global objective and the
 * gathering of slices are the only communication, beside rank 0's decisions.
 */
export function additivelyPreconditioned(
  context: MethodContext,
  options: AptsOptions,
): Method<WindowedState> {
  const { rule } = options;
  const decide = decideOnRankZero(context.comm);

  // 1  f_k = f(θ), g = ∇f(θ)
  return windowed(
    context,
    { ...options, window: 1 },
    async ({ problem, around, at, gradientNorm, radius }) => {
      // 2  ĝ = −g Δ / ‖g‖_∞ is made in 6, where it is needed

      // 3  up to ν trust-region steps on every subdomain, in parallel
      // 4  s = Σ R_iᵀ (θ_i,new − R_iθ)
      const preconditioner = parameterSubdomains(context, localCorrection, {
        ...options,
        curvature: around.curvature,
      });
      const { s, predicted } = await preconditioner.correct(problem, at, radius);

      // 5, 6  θ_½ = θ + s, repaired where it raised the loss
      const half = options.fdl
        ? await repaired(around, at, s, { radius, gradientNorm })
        : await unrepaired(around, at, s);

      // 7  one global trust-region step from θ_½
      return { predicted, ...(await globalStep(around, half, radius, { ...options, decide })) };
    },
  );

  /** Step 5 without fdl; a loss that is not finite sends θ_½ back to θ (docs/algorithms.md §4 (d)). */
  async function unrepaired(
    around: Surroundings,
    at: PointWithGradient,
    s: Vector,
  ): Promise<PointWithGradient> {
    const half = await around.evaluate(addScaled(at.x, 1, s, roomFor(s.length)));
    return (await decide(() => Number.isFinite(half.f))) ? half : at;
  }

  /** Steps 5 and 6: while f(θ_½) > f_k, turn the step towards ĝ and shorten it (docs/algorithms.md §4 (c)). */
  async function repaired(
    around: Surroundings,
    at: PointWithGradient,
    s: Vector,
    { radius, gradientNorm }: { radius: number; gradientNorm: number },
  ): Promise<PointWithGradient> {
    const { objective, space } = around.problem;
    const x = addScaled(at.x, 1, s, roomFor(s.length));
    const isGood = async (): Promise<boolean> => {
      const f = await objective.value(x);
      return decide(() => f <= at.f);
    };
    let good = await isGood();
    if (!good && gradientNorm > 0) {
      const gHat = scale(-radius / gradientNorm, at.g, new Float32Array(s.length));
      const d = new Float32Array(s.length);
      let shortened = radius;
      for (let fifths = 1; fifths <= 5 && !good; fifths++) {
        const w = fifths / 5;
        shortened = Math.max(rule.min, rule.shrink * shortened);
        combine(w, gHat, 1 - w, s, d);
        addScaled(at.x, shortened / (await normInf(space, d)), d, x);
        good = await isGood();
      }
    }
    return good ? around.evaluate(x) : at;
  }
}

const walk = judgedWalk("Algorithm 1", {
  fdl: "--fdl",
  localSteps: "--local-steps",
});

const options = {
  judgeEvery: judgeEvery(walk, "Algorithm 1", "Algorithm 1"),
  fdl: flag({ fallback: true, help: "repair a gathered step that raised the loss with the gradient" }),
  localSteps: integer({ min: 1, max: 1000, fallback: 1, help: "trust-region steps on a subdomain" }),
  ...trustRegionOptions(recommended),
  radius: walkRadius,
};

export const apts = defineMethod({
  name: "apts",
  summary: "additively preconditioned trust region",
  source: "TCKK23, Algorithm 1",
  batches: 1,
  decomposes: true,
  remembers: vectorsOf,
  options,
  presets: { published: { ...published, localSteps: 5, fdl: true, judgeEvery: 0 } },
  check: (values) => {
    checkRadii(withRadius(values, recommended.radius));
    checkWalk(walk, values.judgeEvery, values, options);
  },
  create(context, given): Method {
    const every = context.fullBatch ? 0 : walkOf(walk, given.judgeEvery, given, options);
    const values = withRadius(given, every === 0 ? recommended.radius : WALK_RADIUS);
    return every === 0
      ? additivelyPreconditioned(context, { ...values, ...partsOf(values) })
      : stochastic(context, { ...values, ...partsOf(values), judgeEvery: every });
  },
});
