import { describe } from "../data/arrays.js";
import { UsageError } from "../errors.js";

/** Measures by their names: `loss`, `val_loss`, `acc`, … */
export type Logs = Record<string, number>;

/** A callback as Keras has them: an object with some of these, an instance of `tf.Callback` or `tf.CustomCallback`. */
export interface FitCallback {
  setModel?(model: unknown): void;
  setParams?(params: Record<string, unknown>): void;
  onTrainBegin?(logs?: Logs): unknown;
  onTrainEnd?(logs?: Logs): unknown;
  onEpochBegin?(epoch: number, logs?: Logs): unknown;
  onEpochEnd?(epoch: number, logs?: Logs): unknown;
  onBatchBegin?(batch: number, logs?: Logs): unknown;
  onBatchEnd?(batch: number, logs?: Logs): unknown;
}

const MOMENTS = [
  "onTrainBegin",
  "onTrainEnd",
  "onEpochBegin",
  "onEpochEnd",
  "onBatchBegin",
  "onBatchEnd",
] as const;

/** The callbacks of one `fit`, called one after another, each awaited. */
export class CallbackList {
  readonly #callbacks: readonly FitCallback[];

  /** @throws UsageError for what is no callback, or has moments that there are none of here */
  constructor(given: unknown) {
    this.#callbacks =
      given === undefined || given === null
        ? []
        : ((Array.isArray(given) ? given : [given]) as FitCallback[]);
    for (const callback of this.#callbacks) check(callback);
  }

  get isEmpty(): boolean {
    return this.#callbacks.length === 0;
  }

  /** Whether one wants to hear of every mini-batch. */
  get hearsOfBatches(): boolean {
    return this.#callbacks.some(
      (callback) => hears(callback, "onBatchBegin") || hears(callback, "onBatchEnd"),
    );
  }

  introduce(model: unknown, params: Record<string, unknown>): void {
    for (const callback of this.#callbacks) {
      callback.setParams?.(params);
      callback.setModel?.(model);
    }
  }

  async trainBegin(): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainBegin?.({});
  }

  async trainEnd(): Promise<void> {
    for (const callback of this.#callbacks) await callback.onTrainEnd?.({});
  }

  async epochBegin(epoch: number): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochBegin?.(epoch, {});
  }

  async epochEnd(epoch: number, logs: Logs): Promise<void> {
    for (const callback of this.#callbacks) await callback.onEpochEnd?.(epoch, { ...logs });
  }

  /** Of a mini-batch that is over: its begin, and its end. */
  async batch(logs: { readonly batch: number; readonly size: number; readonly loss: number }): Promise<void> {
    const { batch, size } = logs;
    for (const callback of this.#callbacks) await callback.onBatchBegin?.(batch, { batch, size });
    for (const callback of this.#callbacks) await callback.onBatchEnd?.(batch, { ...logs });
  }
}

function check(callback: unknown): void {
  const moments = (callback ?? {}) as Record<string, unknown>;
  if (
    typeof callback !== "object" ||
    callback === null ||
    !MOMENTS.some((name) => typeof moments[name] === "function")
  ) {
    throw new UsageError(
      `Expected callbacks to be objects with ${MOMENTS.join(", ")}, or callbacks of TensorFlow.js, got ${describe(callback)}.`,
    );
  }
  if (moments["onYield"] ?? moments["yield"]) {
    throw new UsageError(
      "Expected callbacks without onYield: this process is free while the ranks train. Use onBatchEnd.",
    );
  }
}

/** Whether a callback does something then: those of TensorFlow.js inherit what does nothing from the class that has `setParams`. */
function hears(callback: FitCallback, moment: "onBatchBegin" | "onBatchEnd"): boolean {
  if (typeof callback[moment] !== "function") return false;
  // A tf.CustomCallback has every moment, and what it was made of beside it.
  const made = { onBatchBegin: "batchBegin", onBatchEnd: "batchEnd" }[moment];
  if ("nextFrameFunc" in callback) return (callback as Record<string, unknown>)[made] !== undefined;
  const owner = ownerOf(callback, moment);
  return owner === callback || owner !== ownerOf(callback, "setParams");
}

function ownerOf(object: object, name: string): object | null {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner;
}
