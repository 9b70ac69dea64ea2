import { describe, expect, it } from "vitest";
import type { Communicator } from "../../src/comm/communicator.js";
import { heldToContract } from "../../src/methods/contract.js";
import type { Method, State } from "../../src/methods/method.js";
import { onGroup } from "../helpers/comm/groups.js";
import { evenSplit, quadratic, TestProblem } from "../helpers/objectives.js";

const f = quadratic(4, 10);
const report = { loss: 1, accepted: true, gradientNorm: 1 };

/** A method that is one but for what `parts` says otherwise. */
function method(parts: object): Method {
  const whole: Method = {
    start: (theta) => ({ theta }),
    step: (state) => Promise.resolve({ state, report }),
  };
  return { ...whole, ...parts };
}

/** Takes `steps` steps of it, and looks at the point it is judged at, on each of a group's ranks. */
async function takeSteps(of: (comm: Communicator) => unknown, ranks = 1, steps = 1) {
  return onGroup("memory", ranks, async (comm) => {
    const held = heldToContract("mine", comm, of(comm) as Method);
    let state = held.start(Float32Array.from(f.start));
    for (let k = 0; k < steps; k++) {
      ({ state } = await held.step(state, new TestProblem(f, evenSplit(4, 1))));
      held.evaluationPoint!(state);
    }
    return state;
  });
}

const withState = (entry: unknown) => method({ start: (theta: Float32Array) => ({ theta, entry }) as State });
const circle: Record<string, unknown> = {};
circle["self"] = circle;

describe("a user's method", () => {
  it("passes where it keeps its promises", async () => {
    const kept = {
      a: [1, { b: null }],
      c: "d",
      e: new Float64Array(2),
      f: new Uint8Array(1),
      g: -0,
      h: true,
    };
    const [state] = await takeSteps(() => withState(kept), 3, 9);
    expect(state).toEqual({ theta: Float32Array.from(f.start), entry: kept });
  });

  it.each([
    ["create that returns nothing", undefined, "create of method mine to return { start, step }"],
    ["no step", { start: () => undefined }, "create of method mine to return { start, step }"],
    [
      "a start without θ",
      method({ start: () => ({}) }),
      "start: theta of method mine to give a Float32Array of 4",
    ],
    [
      "θ of another length",
      method({ step: () => Promise.resolve({ state: { theta: new Float32Array(3) }, report }) }),
      "step: theta of method mine to give a Float32Array of 4 numbers, got Float32Array of 3",
    ],
    [
      "θ of another type",
      method({ step: () => Promise.resolve({ state: { theta: new Float64Array(4) }, report }) }),
      "got Float64Array of 4",
    ],
    ["a step that returns nothing", method({ step: () => Promise.resolve() }), "step: theta of method mine"],
    [
      "no report",
      method({ step: (state: State) => Promise.resolve({ state }) }),
      "step of method mine to report { loss: number, accepted: boolean, gradientNorm: number, radius?: number }, got undefined",
    ],
    [
      "a report of texts",
      method({ step: (state: State) => Promise.resolve({ state, report: { ...report, radius: "big" } }) }),
      "to report { loss: number",
    ],
    [
      "an evaluation point of another length",
      method({ evaluationPoint: () => new Float32Array(5) }),
      "evaluationPoint of method mine to give a Float32Array of 4 numbers, got Float32Array of 5",
    ],
    ["a Map in the state", withState(new Map()), "in state.entry, got an object of Map"],
    ["a function in it", withState({ a: [() => 1] }), "in state.entry.a.0, got a function"],
    ["undefined in it", withState([undefined]), "in state.entry.0, got undefined"],
    ["a Promise in it", withState(Promise.resolve(1)), "in state.entry, got an object of Promise"],
    ["a circle in it", withState(circle), "in state.entry.self, got { self }"],
    ["an object without prototype in it", withState(Object.create(null)), "got an object without prototype"],
  ])("is refused for %s", async (_, broken, message) => {
    await expect(takeSteps(() => broken)).rejects.toThrow(message);
  });

  it("is refused where ranks take different steps, from the first on", async () => {
    const moving = (comm: Communicator) =>
      method({
        step: ({ theta }: State) =>
          Promise.resolve({ state: { theta: theta.map((value) => value + comm.rank) }, report }),
      });
    await expect(takeSteps(moving, 3)).rejects.toThrow(
      "Expected method mine to take the same steps on all ranks, but after step 1 rank 1 is elsewhere than rank 0.",
    );
  });
});
