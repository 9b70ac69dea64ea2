import { checkMiniBatches } from "../data/batches.js";
import { readDatasetHeader } from "../data/dataset-file.js";
import { DIGITS_TRAIN, loadData } from "../data/load.js";
import { locateCifar10, locateMnist } from "../data/locate.js";
import { Random } from "../data/random.js";
import type { TensorSlot } from "../decomposition/decomposition.js";
import { checkSamples, isBuiltIn } from "../network/models/names.js";
import { outline } from "../network/models/outline.js";
import { decompose } from "./decompose.js";
import { IN_MEMORY, type TrainConfig } from "./options.js";
import type { HandedOver } from "./setup.js";

/** What is known of the training samples before ranks start. */
interface Samples {
  readonly sampleShape: readonly number[];
  readonly classes: number;
  /** Undefined: as many as the files hold. */
  readonly count: number | undefined;
}

/**
 * Refuses, before ranks start, what every one of them would refuse: a model, data, subdomains and mini-batches that do
 * not fit together. The tensors of a built-in network are counted by its options; any other model is built once, which
 * loads TensorFlow.js.
 * @param filesAreHere whether all ranks read the files that this process sees
 * @throws UsageError
 */
export async function checkFit(config: TrainConfig, given: HandedOver, filesAreHere: boolean): Promise<void> {
  const { data, model } = config;
  if (data === IN_MEMORY && !given.data) return; // a rank says that only the program has them
  const random = new Random(config.seed);
  if (!given.model && isBuiltIn(model)) {
    const samples = await samplesOf(config, given, filesAreHere ? "locate" : "nothing");
    checkCount(samples, config);
    checkSamples(model, samples.sampleShape);
    decompose(config, outline(model, { ...config, classes: samples.classes }), random);
  } else if (given.model !== undefined || filesAreHere) {
    const samples = await samplesOf(config, given, filesAreHere ? "read" : "nothing");
    checkCount(samples, config);
    decompose(config, await tensorsOf(config, samples, given.model), random);
  }
}

function checkCount({ count }: Samples, { batches }: TrainConfig): void {
  if (count !== undefined) checkMiniBatches(count, batches);
}

/** @param files what is done with the files of a data set, where it has some */
async function samplesOf(
  { data, dataDir, trainSamples, testSamples }: TrainConfig,
  given: HandedOver,
  files: "read" | "locate" | "nothing",
): Promise<Samples> {
  if (given.data) return readDatasetHeader(given.data.train);
  const name = data as Exclude<typeof data, typeof IN_MEMORY>;
  if (name === "digits" || files === "read") {
    // One digit is as good as all.
    const counts =
      name === "digits"
        ? { trainCount: 1, testCount: 1 }
        : { trainCount: trainSamples, testCount: testSamples };
    const { train } = await loadData({ name, directory: dataDir, seed: 0, ...counts });
    const count = name === "digits" ? (trainSamples ?? DIGITS_TRAIN) : train.labels.length;
    return { sampleShape: train.sampleShape, classes: train.classes, count };
  }
  const { locate, ...kind } = FILES[name];
  if (files === "locate") await locate(dataDir, process.env);
  return { ...kind, count: trainSamples };
}

/** What the files of a data set hold as it was published. */
const FILES = {
  mnist: { locate: locateMnist, sampleShape: [28, 28, 1], classes: 10 },
  cifar10: { locate: locateCifar10, sampleShape: [32, 32, 3], classes: 10 },
} as const;

/** The trainable tensors of a model that is not built in. */
async function tensorsOf(
  config: TrainConfig,
  samples: Samples,
  handedOver: string | undefined,
): Promise<readonly TensorSlot[]> {
  const [{ tf }, { bringsWeights, buildModel }, { layoutOf }] = await Promise.all([
    import("../compute/tensorflow.js"),
    import("../network/build.js"),
    import("../network/layout.js"),
  ]);
  const wasSilent = tf.env().getBool("PROD");
  tf.env().set("PROD", true); // no advice on backends: nothing is computed here
  try {
    const source = handedOver === undefined ? config.model : "the model given";
    const choice = { ...config, model: handedOver ?? config.model };
    const model = await buildModel(choice, samples, new Random(config.seed), source);
    try {
      return layoutOf(model).layout.slots;
    } finally {
      if (bringsWeights(choice)) model.dispose(); // a module may keep its own, and give it again
    }
  } finally {
    tf.env().set("PROD", wasSilent);
  }
}
