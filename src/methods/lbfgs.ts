import { addScaled, dot, normInf, scale, type Vector } from "../linalg/vector.js";
import { strongWolfe } from "./lbfgs-line-search.js";
import {
  decideOnRankZero,
  leadsNowhere,
  type MethodContext,
  type Optimizer,
  type Problem,
  type StepReport,
} from "./problem.js";

export interface LbfgsOptions {
  /** m, curvature pairs remembered: 2m vectors like θ. */
  readonly memory: number;
}

/** s = θ_{k+1} − θ_k, y = ∇f_{k+1} − ∇f_k of one and the same batch, sᵀy > 0. */
interface Pair {
  readonly s: Vector;
  readonly y: Vector;
  readonly sy: number;
}

const STATIONARY = 1e-9; // a slope above −1e-9, or a bracket whose ends lie closer than 1e-9, leads nowhere
const LEAST_CURVATURE = 1e-10;

/**
 * L-BFGS with strong Wolfe line search (NW06 Algorithms 7.5, 7.4, 3.5, 3.6): one direction and its line search on each
 * batch. Costs a loss and gradient a trial, 1 or 2 as a rule. The gradient where the search ended is the next one's
 * first where the batch is the same, and pairs never subtract gradients of different batches.
 */
export function lbfgs(context: MethodContext, { memory }: LbfgsOptions, theta0: Vector): Optimizer {
  const decide = decideOnRankZero(context.comm);
  let theta = theta0;
  let pairs: Pair[] = []; // oldest first
  let isFirst = true;
  let known: { problem: Problem; f: number; g: Vector } | undefined;

  async function step(problem: Problem): Promise<StepReport> {
    const { objective } = problem;
    const evaluate = async (x: Vector): Promise<{ f: number; g: Vector }> => {
      const g = new Float32Array(x.length);
      return { f: await objective.gradient(x, g), g };
    };
    const { f, g } = known?.problem === problem ? known : await evaluate(theta);
    known = { problem, f, g };
    const gradientNorm = normInf(g);
    if (leadsNowhere(context, gradientNorm)) return { loss: f, accepted: false, gradientNorm };
    const d = twoLoop(pairs, g);
    const slope = dot(g, d);
    if (!(await decide(() => slope < -STATIONARY))) {
      pairs = [];
      return { loss: f, accepted: false, gradientNorm };
    }

    // Rank 0 runs the search; all ranks evaluate the trials it asks for.
    const firstTrial = isFirst ? Math.min(1, 1 / norm1(g)) : 1;
    const search = strongWolfe({ f, slope }, firstTrial, STATIONARY / normInf(d));
    let last = { t: 0, x: theta, f, g };
    let wish = await decide(() => plain(search.next()));
    while (!wish.done) {
      const x = addScaled(theta, wish.value, d, new Float32Array(theta.length));
      last = { t: wish.value, x, ...(await evaluate(x)) };
      const value = { f: last.f, slope: dot(last.g, d) };
      wish = await decide(() => plain(search.next(value)));
    }
    if (wish.value === 0) {
      pairs = []; // no decrease along d: start over along −g
      return { loss: f, accepted: false, gradientNorm };
    }
    // A search that had to give up may choose another trial than its last.
    if (wish.value !== last.t) {
      const x = addScaled(theta, wish.value, d, new Float32Array(theta.length));
      last = { t: wish.value, x, ...(await evaluate(x)) };
    }

    await remember(scale(last.t, d, d), addScaled(last.g, -1, g, new Float32Array(g.length)));
    theta = last.x;
    isFirst = false;
    known = { problem, f: last.f, g: last.g };
    return { loss: last.f, accepted: true, gradientNorm };
  }

  async function remember(s: Vector, y: Vector): Promise<void> {
    const sy = dot(s, y);
    if (await decide(() => sy > LEAST_CURVATURE)) pairs = [...pairs, { s, y, sy }].slice(-memory);
  }

  return {
    get theta() {
      return theta;
    },
    step,
    save: () => ({
      isFirst,
      s: pairs.map((pair) => pair.s),
      y: pairs.map((pair) => pair.y),
      here: known ? { f: known.f, g: known.g } : null,
    }),
    restore(restored, state, problem) {
      theta = restored;
      isFirst = state["isFirst"] as boolean;
      const ys = state["y"] as Vector[];
      pairs = (state["s"] as Vector[]).map((s, i) => ({ s, y: ys[i]!, sy: dot(s, ys[i]!) }));
      const here = state["here"] as { f: number; g: Vector } | null;
      known = problem && here ? { problem, ...here } : undefined;
    },
  };
}

/** −Hg with H the inverse L-BFGS matrix of the pairs and H⁰ = (sᵀy / yᵀy) I of the newest (NW06 Algorithm 7.4). */
function twoLoop(pairs: readonly Pair[], g: Vector): Vector {
  const d = scale(-1, g, new Float32Array(g.length));
  const newest = pairs.at(-1);
  if (newest === undefined) return d;
  const alphas = pairs.map(() => 0);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, sy } = pairs[i]!;
    alphas[i] = dot(s, d) / sy;
    addScaled(d, -alphas[i]!, y, d);
  }
  scale(newest.sy / dot(newest.y, newest.y), d, d);
  pairs.forEach(({ s, y, sy }, i) => addScaled(d, alphas[i]! - dot(y, d) / sy, s, d));
  return d;
}

/** What a generator yields or returns, as an object that travels between ranks. */
function plain(result: IteratorResult<number, number>): { done: boolean; value: number } {
  return { done: result.done ?? false, value: result.value };
}

function norm1(a: Vector): number {
  return a.reduce((sum, value) => sum + Math.abs(value), 0);
}
