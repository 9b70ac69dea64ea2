/** A message between two stages, one for each micro-batch: there with activations, back with cotangents. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  /** Of a micro-batch. */
  readonly bytes: number;
}

/** A pass of micro-batches through a network in stages, there, or there and back (docs/algorithms.md §6). */
export interface Pass {
  readonly microBatches: number;
  /** Seconds of a micro-batch on each stage, alone on its core. */
  readonly forward: readonly number[];
  /** None where it only goes there. */
  readonly backward?: readonly number[];
  readonly edges: readonly Edge[];
}

/** What a message takes: it keeps its sender for `overhead` and, but where its receiver reads it from memory, `moving`. */
export interface Carried {
  readonly latency: number;
  readonly overhead: number;
  readonly moving: number;
  readonly isRead: boolean;
}

/** Where stages compute. */
export interface Cores {
  /** Stages with the same number share cores. */
  readonly of: (stage: number) => number;
  /** How much longer computing takes while so many of these do. */
  readonly pace: (computing: number) => number;
}

/** Nobody's cores are another's. */
export const OWN_CORES: Cores = { of: (stage) => stage, pace: () => 1 };

interface Task {
  readonly isBack: boolean;
  readonly micro: number;
}

/** What a stage computes, one after another: so many micro-batches ahead of its backward pass (src/network/pipeline/passes.ts). */
function orderOf({ microBatches, backward }: Pass, ahead: number): Task[] {
  const forward = Array.from({ length: microBatches }, (_, micro) => ({ isBack: false, micro }));
  if (!backward) return forward;
  return forward.flatMap(({ micro }) => [
    ...forward.slice(micro === 0 ? 0 : micro + ahead, micro + ahead + 1),
    { isBack: true, micro },
  ]);
}

/**
 * When each stage of a pass is done, in seconds: the critical path through stages and micro-batches, each task after the one
 * before it on its stage and the messages it takes. Senders and receivers take one message at a time.
 */
export function walk(pass: Pass, carried: (edge: Edge) => Carried, cores: Cores = OWN_CORES): number[] {
  const { microBatches, forward, backward, edges } = pass;
  const stages = [...forward.keys()];
  const orders = stages.map((stage) => orderOf(pass, stages.length - 1 - stage));
  const next = stages.map(() => 0);
  /** Seconds that the task under way would take yet on a core of its own. */
  const left = stages.map((): number | undefined => undefined);
  const missing = [false, true].map((isBack) =>
    stages.map((stage) => {
      const count = edges.filter(({ from, to }) => (isBack ? from : to) === stage).length;
      return new Array<number>(microBatches).fill(count);
    }),
  );
  const sending = stages.map(() => 0);
  const receiving = stages.map(() => 0);
  const ends = stages.map(() => 0);
  let coming: { readonly time: number; readonly happen: () => void }[] = [];
  let now = 0;

  const send = (edge: Edge, { isBack, micro }: Task): void => {
    const [from, to] = isBack ? [edge.to, edge.from] : [edge.from, edge.to];
    const { latency, overhead, moving, isRead } = carried(edge);
    const gone = Math.max(now, sending[from]!) + overhead;
    sending[from] = isRead ? gone : gone + moving;
    const come = (): void => {
      const done = Math.max(now + moving, receiving[to]! + overhead + moving);
      receiving[to] = done;
      coming.push({ time: done, happen: () => missing[Number(isBack)]![to]![micro]!-- });
    };
    coming.push({ time: gone + latency, happen: come });
  };
  const end = (stage: number): void => {
    const task = orders[stage]![next[stage]!++]!;
    left[stage] = undefined;
    ends[stage] = now;
    for (const edge of edges) if ((task.isBack ? edge.to : edge.from) === stage) send(edge, task);
  };
  const start = (stage: number): void => {
    const task = orders[stage]![next[stage]!];
    if (left[stage] !== undefined || !task) return;
    if (missing[Number(task.isBack)]![stage]![task.micro] === 0)
      left[stage] = (task.isBack ? backward! : forward)[stage]!;
  };

  for (;;) {
    stages.forEach(start);
    const busy = stages.filter((stage) => left[stage] !== undefined);
    const paces = busy.map((stage) =>
      cores.pace(busy.filter((other) => cores.of(other) === cores.of(stage)).length),
    );
    const done = busy.map((stage, i) => now + left[stage]! * paces[i]!);
    const time = Math.min(...done, ...coming.map((message) => message.time));
    if (time === Infinity) return ends;
    busy.forEach((stage, i) => (left[stage]! -= (time - now) / paces[i]!));
    now = time;
    const come = coming.filter((message) => message.time === time);
    coming = coming.filter((message) => message.time > time);
    busy.filter((_, i) => done[i] === time).forEach(end);
    for (const { happen } of come) happen();
  }
}
