import { integer, type ValuesOf } from "../config/option.js";
import { sum, wholeSpace } from "../linalg/space.js";
import type { PointWithGradient } from "../trust-region/point.js";
import { defineMethod } from "./description.js";
import type { Method } from "./method.js";
import {
  checkWalk,
  judgedWalk,
  judgeEvery,
  walkOf,
  WALK_RADIUS,
  walkRadius,
  withRadius,
} from "./mini-batch-options.js";
import { modelSteps } from "./model-steps.js";
import type { Correction } from "./preconditioner.js";
import { decideOnRankZero, type MethodContext, type Problem } from "./problem.js";
import { stochastic } from "./stochastic.js";
import { summedStep } from "./summed-step.js";
import {
  checkRadii,
  partsOf,
  recommended,
  trustRegionOptions,
  type TrustRegionParts,
  vectorsOf,
} from "./trust-region-options.js";
import { windowed, windowOption, type WindowedState } from "./windowed.js";

export interface IaptsOptions extends TrustRegionParts {
  /** ν, local steps. */
  readonly localSteps: number;
  /** Trust-region steps on f after the stages' together. */
  readonly globalSteps: number;
  /** W, losses accepted on this batch that acceptance looks back on; 1: monotone (docs/algorithms.md §8). */
  readonly window: number;
}

/**
 * IAPTS, CCLTK25: one call of `step` is one pass of docs/algorithms.md §6.1–6 for the batch it is given. θ, g and s are
 * those of the stage that this rank holds, and so is what the model of the curvature knows; what concerns the whole is
 * completed by the problem's space. Of a network that is whole here there is one stage, whose objective is f.
 */
export function inexact(context: MethodContext, options: IaptsOptions): Method<WindowedState> {
  const { globalSteps } = options;
  const decide = decideOnRankZero(context.comm);

  // 1  f_k = f(θ), R_d g; on the way every stage has got h_{d−1} and c_d
  return windowed(context, options, async ({ problem, around, at, radius, losses }) => {
    // 2  f̃_d(θ_d) = ⟨c_d, F_d(h_{d−1}; θ_d)⟩
    // 3  ν steps of Δ/ν on it
    const { s, predicted: own } = await stageSteps(problem, at, radius, around.curvature);
    const predicted = problem.prepareLocal ? await sum(problem.space, own) : own;

    // 4–6  f(θ + Σ R_dᵀ s_d); accept or reject; trust-region steps on f
    const isOfUse = context.fullBatch || globalSteps > 0;
    const reference = Math.max(...losses);
    const result = await summedStep(
      around,
      at,
      radius,
      { s, predicted, reference },
      { ...options, globalSteps, isOfUse, decide },
    );
    const { to } = result;
    return { ...result, predicted, stands: to.g && { ...to, g: to.g } };
  });

  /** s_d, and what the models of this stage predict. No stage hears of another. */
  async function stageSteps(
    problem: Problem,
    at: PointWithGradient,
    radius: number,
    curvature: unknown,
  ): Promise<Correction> {
    await problem.prepareLocal?.(at);
    const local = problem.prepareLocal
      ? { objective: problem.local(0, at), space: wholeSpace(at.x.length) }
      : problem;
    return modelSteps(local, at, radius, { ...options, curvature });
  }
}

const walk = judgedWalk("the local problems of stages", {
  localSteps: "--local-steps",
  globalSteps: "--global-steps",
  window: "--window",
});

/** CCLTK25 */
const published = { radius: 0.1, minRadius: 0.01, maxRadius: 0.5, grow: 1.2 };

const options = {
  judgeEvery: judgeEvery(walk, "local problems of the stages", "those"),
  localSteps: integer({ min: 1, max: 1000, fallback: 1, help: "steps on a stage's objective" }),
  globalSteps: integer({
    min: 0,
    max: 1000,
    fallback: 1,
    help: "trust-region steps on the loss after those of the stages together",
  }),
  window: windowOption(1),
  ...trustRegionOptions(recommended),
  radius: walkRadius,
};

/** M; 0 where local problems are solved. */
function judgedEvery(fullBatch: boolean, given: ValuesOf<typeof options>): number {
  return fullBatch ? 0 : walkOf(walk, given.judgeEvery, given, options);
}

export const iapts = defineMethod({
  name: "iapts",
  summary: "inexact APTS on the stages of a network that no rank holds",
  source: "CCLTK25",
  batches: 1,
  batchSize: 128,
  stages: true,
  solvesLocally: (given, fullBatch) => judgedEvery(fullBatch, given) === 0,
  remembers: vectorsOf,
  options,
  presets: {
    published: {
      ...published,
      direction: "adam",
      tryLonger: false,
      maxTrials: 1,
      localSteps: 3,
      globalSteps: 1,
      window: 1,
      judgeEvery: 0,
    },
  },
  check: (values) => {
    checkRadii(withRadius(values, recommended.radius));
    checkWalk(walk, values.judgeEvery, values, options);
  },
  create(context, given): Method {
    const every = judgedEvery(context.fullBatch, given);
    const values = withRadius(given, every === 0 ? recommended.radius : WALK_RADIUS);
    const all = { ...values, ...partsOf(values) };
    return every === 0 ? inexact(context, all) : stochastic(context, { ...all, judgeEvery: every });
  },
});
