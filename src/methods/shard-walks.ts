import { chunkedSum } from "../comm/chunked-sum.js";
import { drawn } from "../linalg/average.js";
import { normInf, same, wholeSpace } from "../linalg/space.js";
import { addScaled, roomFor, type Vector } from "../linalg/vector.js";
import type { Objective } from "../trust-region/objective.js";
import type { RadiusRule } from "../trust-region/radius.js";
import { begun, judged, MEAN_OF_WALKS, type Judgements } from "./judgement.js";
import type { Method, State } from "./method.js";
import { leadsNowhere, type MethodContext, type Problem, type Shards } from "./problem.js";
import { shardsOf, SumOfShards } from "./shards.js";
import { messageLength, readMessage, writeMessage, type Walk } from "./walk-message.js";
import { averageShare, decrease, EPSILON, unbiased, walkStep } from "./walk-step.js";

export interface ShardWalkOptions {
  /** Samples of a mini-batch of a walk. */
  readonly localBatch: number;
  /** Δ⁰ */
  readonly radius: number;
  readonly rule: Pick<RadiusRule, "grow" | "min" | "max">;
}

export interface ShardWalkState extends State {
  /** Steps that every shard has made. */
  readonly t: number;
  /** The averages of g and g² that the next walks begin with, (n): what the mean walk shows of g, and the shards' mean of g². */
  readonly m: Vector;
  readonly v: Vector;
  /** x̄, (n): the average of the last points of exchange. */
  readonly average: Vector;
  /** x̄ as it was before the last exchange, which led to a θ that nobody has tried yet. */
  readonly before: Vector;
  /** Δ */
  readonly radius: number;
  readonly judgements: Judgements;
  /** L of the last exchanges, W at most. */
  readonly losses: readonly number[];
}

/** W, and how many losses tell what is noise. */
const WINDOW = 5;
const FEWEST = 3;

/**
 * APTS-D on mini-batches (docs/algorithms.md §7, "Walks"): every shard walks through its mini-batches as stochastic.ts does,
 * all from θ, and one exchange averages where they have come to. The trust region is laid over the exchange: Δ follows what
 * the walks tell of the model, and an exchange that led astray is undone by the next.
 */
export function shardWalks(context: MethodContext, options: ShardWalkOptions): Method<ShardWalkState> {
  const { comm, fullBatch, tolerance } = context;
  const { localBatch, rule } = options;

  return {
    start: (theta) => ({
      theta,
      t: 0,
      m: new Float32Array(theta.length),
      v: new Float32Array(theta.length),
      average: theta,
      before: theta,
      radius: options.radius,
      judgements: begun,
      losses: [],
    }),

    evaluationPoint: ({ average }) => average,

    async step(state, problem) {
      const { theta, average, radius, judgements, losses } = state;
      const n = theta.length;
      const shards = shardsOf(problem);
      const steps = shards.miniBatches(0, localBatch).length;
      const known = await gradientNormAt(state, problem);
      if (fullBatch && leadsNowhere(context, known.gradientNorm)) {
        const { f: loss = NaN, gradientNorm } = known;
        return { state, report: { loss, accepted: false, gradientNorm, radius } };
      }

      // 1–4  Σ |D_d|/|D| of the walks' steps, averages of g² and accounts: the one exchange
      const sums = roomFor(messageLength(n));
      const loss = await chunkedSum(
        comm,
        shards.count,
        async (d, partial) => {
          const walk = await walked(shards.miniBatches(d, localBatch), state);
          writeMessage(walk, theta, shards.weight(d), partial);
          return shards.weight(d) * (walk?.loss ?? NaN);
        },
        sums,
      );
      const { s, v, told } = readMessage(sums, n);
      const isFinite = Number.isFinite(await normInf(wholeSpace(sums.length), sums));

      // 5  has the last exchange led astray, or this walk?
      const t = state.t + steps;
      const { f, fell, predicted, strayed } = told;
      const accepted = f - strayed;
      const seen = { t, f, trial: f - fell, predicted, accepted, earlier: accepted };
      const verdict = judged(judgements, seen, radius, rule, MEAN_OF_WALKS);
      if (!isFinite || isBeyond(loss, losses) || verdict.undo) {
        const gradientNorm = fullBatch || isFinite ? known.gradientNorm : NaN;
        return returned(state, shards, { loss, gradientNorm });
      }

      // 4, 6  θ ← θ + s, and its average
      const to = addScaled(theta, 1, s, roomFor(n));
      const next: ShardWalkState = {
        theta: to,
        t,
        m: meanOf(s, v, steps * radius, t),
        v,
        average: drawn(average, averageShare(t, steps), to, roomFor(n)),
        before: average,
        radius: verdict.radius,
        judgements: verdict.judgements,
        losses: [...losses, loss].slice(-WINDOW),
      };
      const gradientNorm = fullBatch ? known.gradientNorm : await meanGradientNorm(next);
      return { state: next, report: { loss, accepted: true, gradientNorm, radius: next.radius } };
    },
  };

  /** Steps 1–3: the walk of one shard; undefined where a loss or a gradient is not finite. */
  async function walked(
    miniBatches: readonly Objective[],
    { theta, t: before, m: m0, v: v0, average: xBar, radius }: ShardWalkState,
  ): Promise<Walk | undefined> {
    const n = theta.length;
    const space = wholeSpace(n);
    const reach = { radius, against: 1 } as const; // the next m̂ is made of s, which is to hold all of it
    const [m, v, average, g] = [m0.slice(), v0.slice(), xBar.slice(), roomFor(n)];
    const ends = [roomFor(n), roomFor(n)]; // of even steps and of odd ones
    let x = theta;
    const losses: number[] = [];
    for (const [h, objective] of miniBatches.entries()) {
      const f = await objective.gradient(x, g);
      losses.push(f);
      if (!Number.isFinite(f) || !Number.isFinite(await normInf(space, g))) return undefined;
      const isLast = h === miniBatches.length - 1;
      const accepted = isLast ? await objective.value(average) : NaN;
      const t = before + h + 1;
      const to = ends[h % 2]!;
      if (isLast) {
        walkStep(t, reach, { x, g, m, v }, to);
        const predicted = decrease(g, x, to);
        const fell = f - (await objective.value(to));
        const loss = losses.reduce((a, b) => a + b, 0) / losses.length;
        return { end: to, v, loss, f, fell, predicted, strayed: f - accepted };
      }
      walkStep(t, reach, { x, g, m, v }, to, { from: average, to: average });
      x = to;
    }
    return undefined;
  }

  /**
   * ‖m̂‖_∞, in the place of ‖∇f‖_∞, which nobody computes; but where a run on the full batch would end by it, or m̂ is not
   * known yet, ‖∇f(θ)‖_∞, and with it f: one more sum.
   */
  async function gradientNormAt(state: ShardWalkState, problem: Problem) {
    const estimate = await meanGradientNorm(state);
    if (!fullBatch || estimate > tolerance) return { gradientNorm: estimate };
    const sum = new SumOfShards(comm, shardsOf(problem), problem.key, new WeakMap());
    const g = roomFor(state.theta.length);
    const f = await sum.gradient(state.theta, g);
    return { f, gradientNorm: await normInf(problem.space, g) };
  }

  /** Back where the last exchange came from, with a smaller radius unless the batch alone is to blame; no average has learnt anything. */
  async function returned(
    state: ShardWalkState,
    shards: Shards,
    { loss, gradientNorm }: { readonly loss: number; readonly gradientNorm: number },
  ) {
    const { theta, before } = state;
    const isBatchs = !Number.isFinite(gradientNorm) && (await same(wholeSpace(theta.length), theta, before));
    const radius = isBatchs ? state.radius : Math.max(rule.min, state.radius / rule.grow);
    const first = async (d: number) =>
      shards.weight(d) * (await shards.miniBatches(d, localBatch)[0]!.value(before));
    const report = {
      loss: Number.isFinite(loss) ? loss : await chunkedSum(comm, shards.count, first, new Float32Array(0)),
      accepted: false,
      gradientNorm,
      radius,
    };
    return { state: { ...state, theta: before, average: before, radius }, report };
  }
}

/** Above all of the last losses by more than these lie apart: noise of a walk that has come to rest is not. */
function isBeyond(loss: number, before: readonly number[]): boolean {
  if (before.length < FEWEST) return false;
  const largest = Math.max(...before);
  return loss > 2 * largest - Math.min(...before);
}

/** ‖m̂‖_∞; NaN before the first step. */
async function meanGradientNorm({ m, t }: Pick<ShardWalkState, "m" | "t">): Promise<number> {
  return (await normInf(wholeSpace(m.length), m)) * unbiased(t);
}

/** m of m̂ = −s √v / HΔ: what a walk whose steps were all alike would have had. @param length HΔ */
function meanOf(s: Vector, v: Vector, length: number, t: number): Vector {
  const m = roomFor(s.length);
  for (let i = 0; i < m.length; i++) m[i] = (-s[i]! * (Math.sqrt(v[i]!) + EPSILON)) / (length * unbiased(t));
  return m;
}
