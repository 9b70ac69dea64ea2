import { describe, expect, it } from "vitest";
import { Cores } from "../../../src/job/side-by-side/cores.js";
import { HostSlots } from "../../../src/job/side-by-side/host-slots.js";
import { runAll } from "../../../src/job/side-by-side/run-all.js";

const stops = () => {
  const gently = new AbortController();
  return { gently, given: { gently: gently.signal, atOnce: new AbortController().signal } };
};

describe("cores for runs", () => {
  it("go to as many runs as have some of their own, and to one that needs more than there are", () => {
    const cores = new Cores([0, 1, 2], undefined);
    const two = cores.take({ ranks: 1, threads: 2 });
    expect(two).toEqual({ cpus: [0, 1], gpus: [] });
    expect(cores.take({ ranks: 2 })).toBeUndefined();
    const one = cores.take({ ranks: 1 });
    expect(one).toEqual({ cpus: [2], gpus: [] });
    cores.giveBack(two!);
    cores.giveBack(one!);
    expect(cores.take({ ranks: 8 })).toEqual({ cpus: [0, 1, 2], gpus: [] });
  });

  it("are shared where more runs at a time are asked for, those that the fewest have first", () => {
    const cores = new Cores([0, 1], 3);
    expect([1, 2, 3, 4].map(() => cores.take({ ranks: 1 })?.cpus)).toEqual([[0], [1], [0], undefined]);
  });

  it("come with GPUs, one a rank, those that the fewest have first", () => {
    const cores = new Cores([0, 1, 2, 3], 4, ["3", "5", "GPU-7"]);
    const first = cores.take({ ranks: 1 })!;
    expect([first.gpus, cores.take({ ranks: 2 })!.gpus]).toEqual([["3"], ["5", "GPU-7"]]);
    cores.giveBack(first);
    expect(cores.take({ ranks: 2 })!.gpus).toEqual(["3", "5"]);
  });
});

describe("slots for runs", () => {
  it("are those of one host, and all of a host with GPUs", () => {
    const slots = new HostSlots([
      { hostfile: "a", slots: 2, whole: false },
      { hostfile: "b", slots: 4, whole: true },
    ]);
    const first = slots.take({ ranks: 1 })!;
    expect(first).toEqual({ hostfile: "a", slots: 1 });
    expect(slots.take({ ranks: 2 })).toEqual({ hostfile: "b", slots: 4 });
    expect(slots.take({ ranks: 1 })).toEqual({ hostfile: "a", slots: 1 });
    expect(slots.take({ ranks: 1 })).toBeUndefined();
    slots.giveBack(first);
    expect(slots.take({ ranks: 1 })).toEqual(first);
  });
});

describe("runs side by side", () => {
  const need = () => ({ ranks: 1 });

  it("go in their order, as many at a time as have a place", async () => {
    let [running, most] = [0, 0];
    const began: number[] = [];
    const conduct = async (run: number): Promise<void> => {
      began.push(run);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    await runAll([1, 2, 3, 4, 5], new Cores([0, 1], undefined), need, conduct, stops().given);
    expect([began, most]).toEqual([[1, 2, 3, 4, 5], 2]);
  });

  it("begin no more after a stop, nor after one could not be conducted, whose error is told", async () => {
    const { gently, given } = stops();
    const began: number[] = [];
    const stopping = (run: number): Promise<void> => {
      began.push(run);
      if (run === 2) gently.abort();
      return Promise.resolve();
    };
    await runAll([1, 2, 3], new Cores([0], undefined), need, stopping, given);
    expect(began).toEqual([1, 2]);
    const failing = (run: number): Promise<void> => {
      began.push(run);
      return Promise.reject(new Error("full disk"));
    };
    const all = runAll([4, 5], new Cores([0], undefined), need, failing, stops().given);
    await expect(all).rejects.toThrow("full disk");
    expect(began).toEqual([1, 2, 4]);
  });
});
