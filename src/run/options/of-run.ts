import { HELP } from "../../config/help-groups.js";
import { flag, inGroup, integer, number, text } from "../../config/option.js";
import { defaultMethod, methods } from "../../methods/registry.js";

/** What mini-batches share where nothing else is said: that of TCKK23's experiments. */
export const OVERLAP = 0.01;

/** What to do, and when it is done. */
export const runOptions = inGroup(HELP.run, {
  method: text({
    fallback: defaultMethod,
    placeholder: "NAME|FILE",
    help: `how to train: ${methods.map(({ name }) => name).join(", ")}, or a module that exports method`,
  }),
  epochs: integer({
    min: 1,
    max: 1_000_000_000,
    fallback: 20,
    help: "passes over the training set, where --batches-per-epoch says nothing else",
  }),
  batches: integer({
    min: 1,
    max: 1_000_000,
    fallback: undefined,
    help: "mini-batches a pass over the training set (default: the method's)",
  }),
  batchSize: integer({
    min: 1,
    fallback: undefined,
    placeholder: "SAMPLES",
    help: "samples of a mini-batch, at most, in place of --batches",
  }),
  batchesPerEpoch: integer({
    min: 1,
    max: 1_000_000,
    fallback: undefined,
    help: "end an epoch, and measure, after N mini-batches of passes that go on (default: after a pass)",
  }),
  overlap: number({
    min: 0,
    max: 1,
    fallback: undefined,
    help: `share of every other mini-batch that each one repeats (default: ${OVERLAP}; 0 with --batch-size)`,
  }),
  seed: integer({
    min: 0,
    max: 2 ** 32 - 1,
    fallback: 0,
    help: "seed of everything random (the built-in digits are one data set, whatever the seed)",
  }),
  stopAtAccuracy: number({
    min: 0,
    max: 1,
    fallback: undefined,
    help: "end when test accuracy reaches this share",
  }),
  stopAt: text({
    fallback: undefined,
    placeholder: "METRIC=VALUE",
    help: "end when a metric of the samples held back, or loss, is as good as this",
  }),
  monitor: text({
    fallback: "loss",
    placeholder: "METRIC",
    help: "by what an epoch is the best: loss or a metric, of the samples held back where there are some",
  }),
  patience: integer({
    min: 1,
    fallback: undefined,
    help: "end after N epochs of which none was better (--monitor)",
  }),
  keepBest: flag({
    fallback: false,
    help: "hand back the model of the best epoch (--monitor), not of the last",
  }),
  maxSeconds: number({
    min: 0.001,
    fallback: undefined,
    placeholder: "SECONDS",
    help: "end with the epoch in which so many seconds of training are over; evaluations do not count",
  }),
  maxGradients: number({
    min: 0,
    fallback: undefined,
    help: "end with the epoch in which so many full gradients are made",
  }),
  tolerance: number({
    min: 0,
    fallback: 1e-6,
    help: "full batch: end when no component of the gradient is larger",
  }),
});
