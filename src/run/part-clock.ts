import type { Communicator } from "../comm/communicator.js";
import type { BatchProblem } from "../network/rank-network.js";

/**
 * The parts of a step, none within another: making the batch, kernels, what else an evaluation does, messages and the wait
 * for them, what the method does between evaluations, and what the run does between steps.
 */
export const STEP_PARTS = [
  "gather",
  "products",
  "loss",
  "other kernels",
  "evaluation",
  "messages",
  "update",
  "around",
] as const;
export type StepPart = (typeof STEP_PARTS)[number];

type AnyFunction = (...args: unknown[]) => unknown;

/** Tells what each part takes by itself: one that runs within another stops the other's clock. */
export class PartClock {
  #spent = new Map<StepPart, number>();
  #current: StepPart = "around";
  #since = 0;
  #isRunning = false;

  /** Runs `step`; microseconds of each of its parts. */
  async during(step: () => Promise<void>): Promise<Record<StepPart, number>> {
    this.#spent = new Map();
    this.#current = "around";
    this.#since = performance.now();
    this.#isRunning = true;
    await step();
    this.#switchTo("around");
    this.#isRunning = false;
    const of = (part: StepPart) => 1000 * (this.#spent.get(part) ?? 0);
    return Object.fromEntries(STEP_PARTS.map((part) => [part, of(part)])) as Record<StepPart, number>;
  }

  /** `run`, whose time, or that until its promise is kept, counts to `part`. */
  timed<A extends unknown[], R>(part: StepPart, run: (...args: A) => R): (...args: A) => R {
    return (...args) => {
      if (!this.#isRunning) return run(...args);
      const before = this.#switchTo(part);
      const back = () => void this.#switchTo(before);
      const result = run(...args);
      if (result instanceof Promise) return result.finally(back) as R;
      back();
      return result;
    };
  }

  communicator(comm: Communicator): Communicator {
    return new Proxy(comm, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === "function"
          ? this.timed("messages", member.bind(target) as AnyFunction)
          : member;
      },
    });
  }

  /** Tells the evaluations of a problem, and the making of its batch, from the rest of a step. */
  follow({ batch, objective }: BatchProblem): void {
    if (!this.#isRunning) return;
    const replace = <T extends object>(of: T, name: keyof T & string, part: StepPart) => {
      const run = (of[name] as AnyFunction).bind(of);
      Object.defineProperty(of, name, { value: this.timed(part, run) });
    };
    replace(batch, "chunk", "gather");
    replace(objective, "gradient", "evaluation");
    replace(objective, "value", "evaluation");
  }

  /** @returns the part that it was at */
  #switchTo(part: StepPart): StepPart {
    const now = performance.now();
    const before = this.#current;
    this.#spent.set(before, (this.#spent.get(before) ?? 0) + now - this.#since);
    this.#current = part;
    this.#since = now;
    return before;
  }
}
