import type { tf } from "../compute/tensorflow.js";
import type { Summary } from "../report/summary.js";
import type { ProgramEvent, StreamedSamples, Word } from "../run/program.js";
import { enter, logsOf, type History, type Label } from "./history.js";
import type { CallbackList } from "./keras-callbacks.js";

/** What of a `fit` its callbacks and its history are about. */
export interface FitFacts {
  readonly model: tf.LayersModel;
  readonly list: CallbackList;
  /** Metrics beside the loss. */
  readonly labels: readonly Label[];
  readonly epochs: number;
  readonly initialEpoch: number;
  /** Whether samples are held back. */
  readonly measures: boolean;
  readonly samples: number | null;
  readonly steps: number | null;
  readonly batchSize: number | null;
  readonly verbose: boolean;
  /** Where samples come anew for each epoch: those of the next. */
  readonly nextSamples: (() => Promise<StreamedSamples>) | undefined;
}

/** Leads the callbacks of a `fit` through what its ranks tell, and keeps its history. */
export class FitEvents {
  readonly #history: History;
  #hasBegun = false;

  constructor(private readonly facts: FitFacts) {
    const { epochs, initialEpoch, samples, steps, batchSize, verbose, measures, labels } = facts;
    const names = ["loss", ...labels.map(({ keras }) => keras)];
    const metrics = measures ? [...names, ...names.map((name) => `val_${name}`)] : names;
    this.#history = {
      epoch: [],
      history: {},
      params: {
        epochs,
        initialEpoch,
        samples,
        steps,
        batchSize,
        verbose: Number(verbose),
        doValidation: measures,
        metrics,
      },
    };
    facts.list.introduce(facts.model, { ...this.#history.params });
  }

  /** What is to be done at an event, in the order of events. */
  async take(
    event: ProgramEvent,
    answer: (word: Word) => void,
    takeWeights: () => Promise<void>,
  ): Promise<void> {
    const { list, labels, initialEpoch, nextSamples } = this.facts;
    switch (event.type) {
      case "begin":
        // Ranks that are started again after a failure begin again.
        if (!this.#hasBegun) await this.#begin();
        this.#hasBegun = true;
        answer({ goOn: true });
        return;
      case "step":
        // Nothing else: callbacks of TensorFlow.js take all that is no number for a tensor.
        return list.batch({ batch: event.batch, size: event.size, loss: event.loss });
      case "epoch end": {
        const { metrics, training, ended } = event;
        const epoch = initialEpoch + metrics.epoch - 1;
        const logs = logsOf(labels, metrics, training);
        enter(logs, epoch, this.#history);
        if (list.isEmpty && !nextSamples) return;
        if (!list.isEmpty) await takeWeights();
        await list.epochEnd(epoch, logs);
        const goOn = !this.#stops();
        const isLast = !goOn || ended !== undefined;
        if (!isLast) await list.epochBegin(epoch + 1);
        answer({ goOn, samples: isLast ? undefined : await nextSamples?.() });
        return;
      }
      default:
        event satisfies never;
    }
  }

  /** Where no epoch is to be made. */
  async nothing(): Promise<History> {
    await this.facts.list.trainBegin();
    await this.facts.list.trainEnd();
    return this.finished(undefined);
  }

  finished(summary: Summary | undefined): History {
    const history = summary ? { ...this.#history, summary } : this.#history;
    (this.facts.model as { history?: unknown }).history = history;
    return history;
  }

  async #begin(): Promise<void> {
    const { list, model, initialEpoch } = this.facts;
    await list.trainBegin();
    if (isCompiled(model)) (model as { stopTraining?: boolean }).stopTraining = false;
    await list.epochBegin(initialEpoch);
  }

  #stops(): boolean {
    const { model } = this.facts;
    return isCompiled(model) && (model as { stopTraining?: boolean }).stopTraining === true;
  }
}

/** A Sequential that is not compiled has no `stopTraining`. */
export function isCompiled(model: object): boolean {
  return (model as { optimizer?: unknown }).optimizer != null;
}
