import { chunkedSum } from "../comm/chunked-sum.js";
import { integer, number, type ValuesOf } from "../config/option.js";
import { distance2, normInf } from "../linalg/space.js";
import { addScaled, roomFor } from "../linalg/vector.js";
import { euclidean } from "../trust-region/models/euclidean.js";
import { globalRule } from "../trust-region/radius.js";
import { defineMethod } from "./description.js";
import { localSolve } from "./local-solve.js";
import type { Method } from "./method.js";
import {
  checkWalk,
  OF_STEPS,
  walkOf,
  WALK_RADIUS,
  withRadius,
  type WalkOption,
} from "./mini-batch-options.js";
import { leadsNowhere, type MethodContext } from "./problem.js";
import { shardWalks } from "./shard-walks.js";
import { consistent, shardsOf, SumOfShards, type KnownSlopes } from "./shards.js";
import { summedStep } from "./summed-step.js";
import { firstState, Surroundings, type TrustRegionState } from "./surroundings.js";
import {
  checkRadii,
  partsOf,
  trustRegionOptions,
  type TrustRegionParts,
  vectorsOf,
} from "./trust-region-options.js";

export interface AptsDOptions extends TrustRegionParts {
  /** ν, local steps. */
  readonly localSteps: number;
  /** Trust-region steps on f after the summed one. */
  readonly globalSteps: number;
}

/**
 * APTS-D, CTKK25: one call of `step` is one pass of docs/algorithms.md §7 for the batch it is given. Every rank runs this for
 * its shards. What is exchanged, each time as one sum: the gradient, where it is not known; the local steps with what their
 * objectives fell by; f at the sum, with the gradient where that is of use. Every sum is rank 0's, and what is decided
 * by it are additions and comparisons, so that all ranks decide alike without a further message.
 */
export function dataParallel(context: MethodContext, options: AptsDOptions): Method<TrustRegionState> {
  const { comm } = context;
  const { localSteps, globalSteps, maxTrials } = options;
  const model = euclidean(options.model);
  const known: KnownSlopes = new WeakMap();

  return {
    start: (theta) => firstState(theta, options),

    async step(state, { key, space, ...batch }) {
      const { theta, radius } = state;
      const shards = shardsOf(batch);
      const f = new SumOfShards(comm, shards, key, known);
      const around = new Surroundings(model, { key, space, objective: f }, state);

      // 1  f_k = f(θ), g = ∇f(θ), and on the way ∇f_d(θ)
      const at = await around.here();
      const gradientNorm = await normInf(space, at.g);
      if (leadsNowhere(context, gradientNorm)) {
        return {
          state: { theta, radius, ...around.known(at) },
          report: { loss: at.f, accepted: false, gradientNorm, radius },
        };
      }

      // 2  ν trust-region steps on f̃_d in the ball of Δ/N, every shard, in parallel
      // 3  s = Σ s_d, predicted = Σ f̃_d(θ_k) − f̃_d(θ_d)
      const { curvature } = around;
      const local = { localSteps, rule: globalRule, model, curvature, maxTrials, distance: distance2 };
      const s = roomFor(theta.length);
      const predicted = await chunkedSum(
        comm,
        shards.count,
        async (d, partial) => {
          const slope = await f.slope(d, theta);
          const objective = consistent(shards.local(d), slope.g, at);
          const end = await localSolve(objective, { ...at, f: slope.f }, radius / shards.count, local);
          addScaled(end.x, -1, theta, partial);
          return slope.f - end.f;
        },
        s,
      );

      // 4–6  f(θ + s); accept or reject; trust-region steps on f
      const isOfUse = context.fullBatch || globalSteps > 0;
      const result = await summedStep(
        around,
        at,
        radius,
        { s, predicted, reference: at.f },
        { ...options, model, globalSteps, isOfUse },
      );
      const { to, accepted } = result;
      const stands = to.g && { ...to, g: to.g };
      return {
        state: { theta: to.x, radius: result.radius, ...around.known(stands) },
        report: { loss: to.f, accepted, gradientNorm, radius: result.radius, predicted },
      };
    },
  };
}

/** Of docs/algorithms.md §7, where radii are of the 2-norm. */
const ON_SHARDS = { radius: 0.1, minRadius: 0.01, maxRadius: 1, grow: 1.2 };
/** Of its walks, where they are of the infinity norm. */
const ON_WALKS = { radius: WALK_RADIUS, minRadius: globalRule.min, maxRadius: globalRule.max, grow: 1.5 };

const walk = {
  flag: "--local-batch",
  usual: 64,
  others: {
    ...OF_STEPS,
    localSteps: "--local-steps",
    globalSteps: "--global-steps",
  },
  of: "local objectives of whole shards",
} as const satisfies WalkOption;

const helpOf = (what: string, name: keyof typeof ON_SHARDS): string =>
  `${what} (default: ${ON_WALKS[name]}, without walks ${ON_SHARDS[name]}, which is of the 2-norm)`;

const options = {
  localBatch: integer({
    min: 0,
    max: 1_000_000,
    fallback: undefined,
    help: `samples of a mini-batch in a shard's walk; 0: no walks, but local objectives of whole shards (default: ${walk.usual}, and 0 with an option of those)`,
  }),
  localSteps: integer({ min: 1, max: 1000, fallback: 3, help: "trust-region steps on a shard's objective" }),
  globalSteps: integer({
    min: 0,
    max: 1000,
    fallback: 1,
    help: "trust-region steps on the loss of all shards after the summed one",
  }),
  ...trustRegionOptions({ direction: "adam", tryLonger: false, ...ON_SHARDS }),
  radius: number({ min: 1e-12, fallback: undefined, help: helpOf("first radius", "radius") }),
  grow: number({
    min: 1,
    max: 100,
    fallback: undefined,
    help: `factor of a growing radius (default: ${ON_WALKS.grow}, without walks ${ON_SHARDS.grow})`,
  }),
  minRadius: number({ min: 0, fallback: undefined, help: helpOf("smallest radius", "minRadius") }),
  maxRadius: number({ min: 1e-12, fallback: undefined, help: helpOf("largest radius", "maxRadius") }),
};

/** The values, with radii where none are given, the first within the others. */
function withRadii(values: ValuesOf<typeof options>, usual: typeof ON_SHARDS) {
  const { minRadius = usual.minRadius, maxRadius = usual.maxRadius, grow = usual.grow } = values;
  return withRadius({ ...values, minRadius, maxRadius, grow }, usual.radius);
}

/** The samples of a walk's mini-batch, 0 for none, and the radii that go with it. */
function regimeOf(values: ValuesOf<typeof options>) {
  const localBatch = walkOf(walk, values.localBatch, values, options);
  return { ...withRadii(values, localBatch === 0 ? ON_SHARDS : ON_WALKS), localBatch };
}

export const aptsD = defineMethod({
  name: "apts-d",
  summary: "APTS on shards of the samples, which talks seldom",
  source: "CTKK25",
  batches: 1,
  batchSize: 8192,
  shards: true,
  remembers: vectorsOf,
  options,
  presets: {
    published: { ...ON_SHARDS, direction: "gradient", localSteps: 3, globalSteps: 1, localBatch: 0 },
  },
  check: (values) => {
    checkWalk(walk, values.localBatch, values, options);
    checkRadii(regimeOf(values));
  },
  create(context, given): Method {
    const values = regimeOf(given);
    const { localBatch } = values;
    // A plain function has no mini-batches.
    if (localBatch === 0 || context.isExact) {
      const exact = context.isExact && localBatch !== 0 ? withRadii(given, ON_SHARDS) : values;
      return dataParallel(context, { ...exact, ...partsOf(exact) });
    }
    return shardWalks(context, { ...values, ...partsOf(values) });
  },
});
