import { integer } from "../config/option.js";
import { dot, normInf, sum, type VectorSpace } from "../linalg/space.js";
import { addScaled, scale, type Vector } from "../linalg/vector.js";
import type { PointWithGradient } from "../trust-region/point.js";
import { defineMethod } from "./description.js";
import { strongWolfe } from "./lbfgs-line-search.js";
import type { Method, State } from "./method.js";
import { decideOnRankZero, leadsNowhere, type BatchKey, type MethodContext } from "./problem.js";

/** s = θ_{k+1} − θ_k, y = ∇f_{k+1} − ∇f_k of one and the same batch, sᵀy > 0. */
interface Pair {
  readonly s: Vector;
  readonly y: Vector;
  readonly sy: number;
}

interface LbfgsState extends State {
  /** Oldest first. */
  readonly pairs: readonly Pair[];
  /** No step was accepted yet. */
  readonly isFirst: boolean;
  /** The batch of the last step; null before the first. */
  readonly batch: BatchKey | null;
  /** f(θ) and ∇f(θ) on that batch. */
  readonly here: { readonly f: number; readonly g: Vector } | null;
}

/** A slope above −1e-9, and a bracket whose ends lie closer than 1e-9, lead nowhere; where f is exact, any slope does. */
const STATIONARY = 1e-9;
const LEAST_CURVATURE = 1e-10;

/**
 * L-BFGS with strong Wolfe line search (NW06 Algorithms 7.5, 7.4, 3.5, 3.6): one direction and its line search on each
 * batch. Costs a loss and gradient a trial, 1 or 2 as a rule. The gradient where the search ended is the next one's
 * first where the batch is the same, and pairs never subtract gradients of different batches.
 *
 * @param memory m, curvature pairs remembered: 2m vectors like θ
 */
function limitedMemoryBfgs(context: MethodContext, memory: number): Method<LbfgsState> {
  const decide = decideOnRankZero(context.comm);
  const [leastSlope, leastCurvature] = context.isExact ? [0, 0] : [STATIONARY, LEAST_CURVATURE];
  return {
    start: (theta) => ({ theta, pairs: [], isFirst: true, batch: null, here: null }),
    async step(state, { key, objective, space }) {
      const { theta, pairs, isFirst } = state;
      const evaluate = async (x: Vector): Promise<PointWithGradient> => {
        const g = new Float32Array(x.length);
        return { x, f: await objective.gradient(x, g), g };
      };
      const known = state.batch === key ? state.here : null;
      const at = known ? { x: theta, ...known } : await evaluate(theta);
      const { f, g } = at;
      const gradientNorm = await normInf(space, g);
      /** No step; without pairs the next one starts over along −g. */
      const stays = (kept: readonly Pair[]) => ({
        state: { theta, pairs: kept, isFirst, batch: key, here: { f, g } },
        report: { loss: f, accepted: false, gradientNorm },
      });
      if (leadsNowhere(context, gradientNorm)) return stays(pairs);
      const d = await twoLoop(pairs, space, g);
      const slope = await dot(space, g, d);
      if (!(await decide(() => slope < -leastSlope))) return stays([]);

      // Rank 0 runs the search; all ranks evaluate the trials it asks for.
      const firstTrial = isFirst ? Math.min(1, 1 / (await norm1(space, g))) : 1;
      const search = strongWolfe({ f, slope }, firstTrial, STATIONARY / (await normInf(space, d)));
      const trial = async (t: number) => ({
        t,
        ...(await evaluate(addScaled(theta, t, d, new Float32Array(theta.length)))),
      });
      let last = { t: 0, ...at };
      let wish = await decide(() => plain(search.next()));
      while (!wish.done) {
        last = await trial(wish.value);
        const value = { f: last.f, slope: await dot(space, last.g, d) };
        wish = await decide(() => plain(search.next(value)));
      }
      if (wish.value === 0) return stays([]); // no decrease along d
      // A search that had to give up may choose another trial than its last.
      if (wish.value !== last.t) last = await trial(wish.value);

      const s = scale(last.t, d, d);
      const y = addScaled(last.g, -1, g, new Float32Array(g.length));
      const sy = await dot(space, s, y);
      const curved = await decide(() => sy > leastCurvature);
      return {
        state: {
          theta: last.x,
          pairs: curved ? [...pairs, { s, y, sy }].slice(-memory) : pairs,
          isFirst: false,
          batch: key,
          here: { f: last.f, g: last.g },
        },
        report: { loss: last.f, accepted: true, gradientNorm },
      };
    },
  };
}

/** −Hg with H the inverse L-BFGS matrix of the pairs and H⁰ = (sᵀy / yᵀy) I of the newest (NW06 Algorithm 7.4). */
async function twoLoop(pairs: readonly Pair[], space: VectorSpace, g: Vector): Promise<Vector> {
  const d = scale(-1, g, new Float32Array(g.length));
  const newest = pairs.at(-1);
  if (newest === undefined) return d;
  const alphas = pairs.map(() => 0);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, sy } = pairs[i]!;
    alphas[i] = (await dot(space, s, d)) / sy;
    addScaled(d, -alphas[i]!, y, d);
  }
  scale(newest.sy / (await dot(space, newest.y, newest.y)), d, d);
  for (const [i, { s, y, sy }] of pairs.entries()) {
    addScaled(d, alphas[i]! - (await dot(space, y, d)) / sy, s, d);
  }
  return d;
}

/** What a generator yields or returns, as an object that travels between ranks. */
function plain(result: IteratorResult<number, number>): { done: boolean; value: number } {
  return { done: result.done ?? false, value: result.value };
}

async function norm1(space: VectorSpace, a: Vector): Promise<number> {
  return sum(
    space,
    a.reduce((total, value) => total + Math.abs(value), 0),
  );
}

export const lbfgs = defineMethod({
  name: "lbfgs",
  summary: "L-BFGS with strong Wolfe line search",
  source: "NW06, Algorithms 7.5, 3.5, 3.6",
  batches: 1,
  remembers: ({ pairs }) => 2 * pairs + 1,
  options: { pairs: integer({ min: 1, max: 1000, fallback: 10, help: "curvature pairs remembered" }) },
  create: (context, { pairs }) => limitedMemoryBfgs(context, pairs),
});
