import { medianOf, sumOf } from "../../averages.js";
import type { BatchProblem } from "../../network/rank-network.js";
import type { Objective } from "../../trust-region/objective.js";

/** What a step has evaluated, in seconds each; of subdomains those of each together. */
export interface Seen {
  readonly gradients: number[];
  readonly losses: number[];
  readonly solves: Map<number, number>;
}

/** Times evaluations within steps, with the making of what they read of the samples, which is shared as they are. */
export class Evaluations {
  steps: Seen[] = [];
  /** The full batch is one and the same problem in all steps. */
  readonly #followed = new WeakSet<BatchProblem>();

  forget(): void {
    this.steps = [];
  }

  all(kind: "gradients" | "losses"): number[] {
    return this.steps.flatMap((step) => step[kind]);
  }

  /** A step on `problem` begins. */
  follow(problem: BatchProblem): void {
    this.steps.push({ gradients: [], losses: [], solves: new Map() });
    if (this.#followed.has(problem)) return;
    this.#followed.add(problem);
    const now = (): Seen => this.steps.at(-1)!;
    const local = problem.local.bind(problem);
    Object.assign(
      problem.objective,
      timed(
        problem.objective,
        (seconds) => now().gradients.push(seconds),
        (seconds) => now().losses.push(seconds),
      ),
    );
    Object.assign(problem, {
      local: (...given: Parameters<typeof local>) => {
        const [subdomain] = given;
        const add = (seconds: number) => {
          const { solves } = now();
          solves.set(subdomain, (solves.get(subdomain) ?? 0) + seconds);
        };
        return timed(local(...given), add, add);
      },
    });
  }
}

function timed(
  objective: Objective,
  gradientTook: (seconds: number) => void,
  lossTook: (seconds: number) => void,
): Objective {
  const gradient = objective.gradient.bind(objective);
  const value = objective.value.bind(objective);
  return {
    gradient: (x, out) => noting(gradientTook, () => gradient(x, out)),
    value: (x) => noting(lossTook, () => value(x)),
  };
}

async function noting<T>(took: (seconds: number) => void, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  took((performance.now() - begun) / 1000);
  return result;
}

/** Medians, in seconds; 0 of what no step has. */
export interface Typical {
  readonly gradient: number;
  readonly loss: number;
  /** Of a step's evaluations for each subdomain. */
  readonly solves: readonly number[];
  /** Of all else of a step. */
  readonly rest: number;
}

/** @param lengths of the steps */
export function typicalOf(steps: readonly Seen[], lengths: readonly number[], subdomains: number): Typical {
  const solvesOf = (i: number) => steps.flatMap(({ solves }) => solves.get(i) ?? []);
  const evaluated = ({ gradients, losses, solves }: Seen): number =>
    sumOf([...gradients, ...losses, ...solves.values()]);
  return {
    gradient: medianOrNone(steps.flatMap(({ gradients }) => gradients)),
    loss: medianOrNone(steps.flatMap(({ losses }) => losses)),
    solves: Array.from({ length: subdomains }, (_, i) => medianOrNone(solvesOf(i))),
    rest: medianOrNone(steps.map((step, t) => lengths[t]! - evaluated(step))),
  };
}

/** What each step took beyond what it would if all in it took as long as it typically does. */
export function pausesOf(steps: readonly Seen[], lengths: readonly number[], typical: Typical): number[] {
  return steps.map((step, t) => lengths[t]! - typicalSeconds(step, typical));
}

function typicalSeconds({ gradients, losses, solves }: Seen, typical: Typical): number {
  const solved = sumOf([...solves.keys()].map((i) => typical.solves[i]!));
  return gradients.length * typical.gradient + losses.length * typical.loss + solved + typical.rest;
}

function medianOrNone(values: readonly number[]): number {
  return values.length > 0 ? medianOf(values) : 0;
}
