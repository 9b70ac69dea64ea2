import { computeOptions } from "../../compute/options.js";
import { communicationOptions } from "../../config/communication.js";
import { HELP } from "../../config/help-groups.js";
import {
  choice,
  flag,
  inGroup,
  integer,
  integers,
  number,
  text,
  type OptionTable,
} from "../../config/option.js";
import { TASKS } from "../../data/formats/options.js";
import { DATA_NAMES } from "../../data/sources.js";
import { DEFAULT_BLOCK, TOKENS } from "../../data/text.js";
import { defaultMethod, methods } from "../../methods/registry.js";
import { LOSS_NAMES } from "../../network/losses/names.js";
import { MODEL_NAMES } from "../../network/models/names.js";

/** What mini-batches share where nothing else is said: that of TCKK23's experiments. */
export const OVERLAP = 0.01;

const runOptions = inGroup(HELP.run, {
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

const dataOptions = inGroup(HELP.data, {
  data: text({
    fallback: "digits",
    placeholder: "NAME|PATH",
    help: `what to train on: ${DATA_NAMES.join(", ")}, or a .npy, .npz, .csv or .tsv file, a folder of images by class, a module that exports createData`,
  }),
  dataDir: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "where the files of a named data set are (else APTS_DATA_DIR, else the cache), or the file of the text",
  }),
  label: text({
    fallback: undefined,
    placeholder: "COLUMN|FILE",
    help: "of a table the column to predict, by name or number (default: the last); of a .npy file that of what to predict",
  }),
  task: choice(TASKS, {
    fallback: undefined,
    help: "what to predict of a table or array: classes or numbers (default: the values tell)",
  }),
  imageSize: integers({
    min: 1,
    max: 65_536,
    fallback: undefined,
    placeholder: "H,W",
    help: "resize the images of a folder; take rows of numbers for images",
  }),
  block: integer({
    min: 1,
    max: 1_000_000,
    fallback: undefined,
    help: `symbols of a sample of text (default: ${DEFAULT_BLOCK})`,
  }),
  tokens: choice(TOKENS, { fallback: undefined, help: "symbols of a text (default: characters)" }),
  trainSamples: integer({
    min: 1,
    fallback: undefined,
    help: "use the first N training samples (default: all)",
  }),
  testSamples: integer({ min: 1, fallback: undefined, help: "use the first N test samples (default: all)" }),
  validationSplit: number({
    min: 0,
    max: 0.99,
    fallback: undefined,
    placeholder: "SHARE",
    help: "hold back the last share of the training samples to measure with, in place of other test samples",
  }),
});

const modelOptions = inGroup(HELP.model, {
  model: text({
    fallback: "fcnn",
    placeholder: "NAME|FILE",
    help: `${MODEL_NAMES.join(", ")}, a model.json, or a module that exports createModel`,
  }),
  hidden: integers({
    min: 1,
    max: 1_000_000,
    fallback: [32, 32],
    help: "widths of the hidden layers of fcnn and cnn",
  }),
  channels: integers({
    min: 1,
    max: 1_000_000,
    fallback: [16, 32],
    help: "channels of the convolutions of cnn",
  }),
  layers: integer({ min: 1, max: 1000, fallback: 4, help: "layers of gpt" }),
  heads: integer({ min: 1, max: 1000, fallback: 4, help: "heads of attention of gpt; they divide --width" }),
  width: integer({ min: 1, max: 100_000, fallback: 128, help: "numbers that stand for a symbol in gpt" }),
  ghostBatch: integer({
    min: 2,
    max: 1_000_000,
    fallback: 256,
    placeholder: "SAMPLES",
    help: "batch normalisation takes its statistics over groups of so many samples at most",
  }),
  loss: text({
    fallback: undefined,
    placeholder: "NAME|FILE",
    help: `what to minimise (default: what the model declares, cross-entropy for classes, else meanSquaredError): ${LOSS_NAMES.join(", ")}, or a module that exports loss; of several outputs OUTPUT=NAME,…`,
  }),
  objective: text({
    fallback: undefined,
    placeholder: "FILE",
    help: "a module that exports objective({ tf, model, inputs, targets }), to be minimised in place of losses",
  }),
  metrics: text({
    fallback: undefined,
    placeholder: "NAME,NAME",
    help: "what to measure beside it: accuracy, precision, perplexity, …, or any loss",
  }),
  standardise: flag({
    fallback: undefined,
    help: "inputs of mean 0 and deviation 1, which the trained model then sees to itself (default: where the network is built in, or a module's)",
  }),
});

const decompositionOptions = inGroup(HELP.method, {
  subdomains: integer({
    min: 1,
    max: 1_000_000,
    fallback: undefined,
    help: "subdomains (default: as many as ranks)",
  }),
  decomposition: choice(["tensors", "layers", "neurons"], {
    fallback: "tensors",
    help: "how parameters are split in subdomains",
  }),
});

const rankOptions = inGroup(HELP.ranks, {
  ranks: integer({ min: 1, max: 4096, fallback: undefined, help: "processes (default: one for each core)" }),
  ...computeOptions,
  threads: integer({
    min: 1,
    max: 1024,
    fallback: undefined,
    help: "threads of a rank (default: cores / ranks on the host)",
  }),
  memory: integer({
    min: 1,
    max: 1_000_000,
    fallback: 2048,
    placeholder: "MB",
    help: "what a rank's intermediate results may take",
  }),
  timeout: number({
    min: 1,
    max: 86_400,
    fallback: 300,
    placeholder: "SECONDS",
    help: "deadline of a communication call",
  }),
  ...communicationOptions,
});

const folderOptions = inGroup(HELP.folder, {
  out: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "run folder to make (default: runs/METHOD-DATA-TIME)",
  }),
  checkpointEvery: integer({
    min: 1,
    max: 1_000_000_000,
    fallback: undefined,
    help: "write a checkpoint after every N epochs (default: every one, as long as that takes little time)",
  }),
  checkpointMinutes: number({
    min: 0.001,
    fallback: 10,
    placeholder: "MINUTES",
    help: "write one within an epoch, too, when the last is this old",
  }),
  keepCheckpoints: integer({ min: 1, max: 1_000_000, fallback: 3, help: "keep the last K checkpoints" }),
  profile: flag({ fallback: false, help: "write a CPU profile of each rank, rank-R.cpuprofile" }),
});

/** What `apts train` takes, beside the options of the method. */
export const trainOptions = {
  ...runOptions,
  ...dataOptions,
  ...modelOptions,
  ...decompositionOptions,
  ...rankOptions,
  ...folderOptions,
} satisfies OptionTable;

/**
 * What a resumed run may have different: none of it changes what is solved, or how. Where another backend, another
 * library or other chunks change the last bits, the run says so.
 */
export const MAY_CHANGE: ReadonlySet<string> = new Set([
  "ranks",
  "epochs",
  "stopAtAccuracy",
  "stopAt",
  "patience",
  "maxSeconds",
  "maxGradients",
  "tolerance",
  "backend",
  "blas",
  "memory",
  "threads",
  "timeout",
  "insecure",
  "sharedMemory",
  "out",
  "dataDir", // the samples are compared
  "model", // the layers are compared
  "loss", // what is minimised is compared
  "metrics",
  "objective",
  "checkpointEvery",
  "checkpointMinutes",
  "keepCheckpoints",
  "profile",
] satisfies (keyof typeof trainOptions)[]);
