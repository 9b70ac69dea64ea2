import { chunkedSum } from "../comm/chunked-sum.js";
import { adamStep } from "../linalg/adam-step.js";
import { drawn } from "../linalg/average.js";
import { normInf, wholeSpace } from "../linalg/space.js";
import { addScaled, roomFor, scale, type Vector } from "../linalg/vector.js";
import type { Objective } from "../trust-region/objective.js";
import type { RadiusRule } from "../trust-region/radius.js";
import { biasCorrection } from "./first-order/adam.js";
import { begun, judged, type Judgements } from "./judgement.js";
import type { Method, State } from "./method.js";
import type { MethodContext, Shards } from "./problem.js";
import { shardsOf } from "./shards.js";

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

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** γ: the average is over about the last ninth of all steps (Shamir, Zhang, ICML 2013, §4). */
const GAMMA = 8;
/** W, and how many losses tell what is noise. */
const WINDOW = 5;
const FEWEST = 3;

/** What a walk tells beside where it ends, in the order in which it travels. */
const TOLD = ["f", "fell", "predicted", "strayed"] as const;
type Told = Readonly<Record<(typeof TOLD)[number], number>>;

interface Walk extends Told {
  readonly end: Vector;
  readonly v: Vector;
  /** The mean of its mini-batches' losses. */
  readonly loss: number;
}

/**
 * APTS-D on mini-batches (docs/algorithms.md §7, "Walks"): every shard walks through its mini-batches as §4 walks, all from θ,
 * and one exchange averages where they have come to. The trust region is laid over the exchange: Δ follows what the walks
 * tell of the model, and an exchange that led astray is undone by the next.
 */
export function shardWalks({ comm }: MethodContext, options: ShardWalkOptions): Method<ShardWalkState> {
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

      // 1–4  Σ |D_d|/|D| of the walks' steps, averages of g² and accounts: the one exchange
      const sums = roomFor(2 * n + TOLD.length);
      const loss = await chunkedSum(
        comm,
        shards.count,
        async (d, partial) => {
          const walk = await walked(shards.miniBatches(d, localBatch), state);
          write(walk, theta, shards.weight(d), partial);
          return shards.weight(d) * (walk?.loss ?? NaN);
        },
        sums,
      );
      const told = readTold(sums.subarray(2 * n));
      const isFinite = Number.isFinite(await normInf(wholeSpace(sums.length), sums));

      // 5  has the last exchange led astray, or this walk?
      const t = state.t + steps;
      const { f, fell, predicted, strayed } = told;
      const seen = { t, f, trial: f - fell, predicted, accepted: f - strayed };
      const verdict = judged(judgements, seen, radius, rule, 1);
      if (!isFinite || isBeyond(loss, losses) || verdict.undo) return returned(state, shards, loss);

      // 4, 6  θ ← θ + s, and its average
      const s = sums.subarray(0, n);
      const v = sums.slice(n, 2 * n);
      const to = addScaled(theta, 1, s, roomFor(n));
      const share = Math.min(1, ((GAMMA + 1) * steps) / (t + GAMMA));
      const next: ShardWalkState = {
        theta: to,
        t,
        m: meanOf(s, v, steps * radius, t),
        v,
        average: drawn(average, share, to, roomFor(n)),
        before: average,
        radius: verdict.radius,
        judgements: verdict.judgements,
        losses: [...losses, loss].slice(-WINDOW),
      };
      const gradientNorm = await meanGradientNorm(next);
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
    const [m, v, average, g] = [m0.slice(), v0.slice(), xBar.slice(), roomFor(n)];
    let x = theta;
    const losses: number[] = [];
    for (const [h, objective] of miniBatches.entries()) {
      const f = await objective.gradient(x, g);
      losses.push(f);
      if (!Number.isFinite(f) || !Number.isFinite(await normInf(space, g))) return undefined;
      const isLast = h === miniBatches.length - 1;
      const accepted = isLast ? await objective.value(average) : NaN;
      const t = before + h + 1;
      const scales = biasCorrection(BETA1, BETA2, t);
      const rates = { rate: radius * scales.m, scale: scales.v, epsilon: EPSILON, limit: radius };
      const to = roomFor(n);
      adamStep({ beta1: BETA1, beta2: BETA2, coupled: 0, keep: 1, ...rates }, m, v, x, g, to);
      if (isLast) {
        const predicted = decrease(g, x, to);
        const fell = f - (await objective.value(to));
        const loss = losses.reduce((a, b) => a + b, 0) / losses.length;
        return { end: to, v, loss, f, fell, predicted, strayed: f - accepted };
      }
      drawn(average, (GAMMA + 1) / (t + GAMMA), to, average);
      x = to;
    }
    return undefined;
  }

  /** Back where the last exchange came from, with a smaller radius; no average has learnt anything. */
  async function returned(state: ShardWalkState, shards: Shards, loss: number) {
    const { before } = state;
    const radius = Math.max(rule.min, state.radius / rule.grow);
    const first = async (d: number) =>
      shards.weight(d) * (await shards.miniBatches(d, localBatch)[0]!.value(before));
    const report = {
      loss: Number.isFinite(loss) ? loss : await chunkedSum(comm, shards.count, first, new Float32Array(0)),
      accepted: false,
      gradientNorm: await meanGradientNorm(state),
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

/** ‖m̂‖_∞, in the place of ‖∇f‖_∞, which nobody computes. */
async function meanGradientNorm({ m, t }: Pick<ShardWalkState, "m" | "t">): Promise<number> {
  return (await normInf(wholeSpace(m.length), m)) * biasCorrection(BETA1, BETA2, t).m;
}

/** m of m̂ = −s √v̂ / HΔ: what a walk whose steps were all alike would have had. @param length HΔ */
function meanOf(s: Vector, v: Vector, length: number, t: number): Vector {
  const scales = biasCorrection(BETA1, BETA2, t);
  const m = roomFor(s.length);
  for (let i = 0; i < m.length; i++)
    m[i] = (-s[i]! * (Math.sqrt(scales.v * v[i]!) + EPSILON)) / (length * scales.m);
  return m;
}

/** partial (2n + 4) ← weight times the walk: its step, its averages, and what it tells. */
function write(walk: Walk | undefined, theta: Vector, weight: number, partial: Vector): void {
  if (walk === undefined) {
    partial.fill(NaN);
    return;
  }
  const n = theta.length;
  const step = partial.subarray(0, n);
  addScaled(walk.end, -1, theta, step);
  scale(weight, step, step);
  scale(weight, walk.v, partial.subarray(n, 2 * n));
  TOLD.forEach((name, i) => (partial[2 * n + i] = weight * walk[name]));
}

function readTold(told: Vector): Told {
  return Object.fromEntries(TOLD.map((name, i) => [name, told[i]!])) as Record<keyof Told, number>;
}

/** −gᵀ(to − from) */
function decrease(g: Vector, from: Vector, to: Vector): number {
  let sum = 0;
  for (let i = 0; i < g.length; i++) sum -= g[i]! * (to[i]! - from[i]!);
  return sum;
}
