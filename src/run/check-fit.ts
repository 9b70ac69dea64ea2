import type { tf } from "../compute/tensorflow.js";
import type { Declaration } from "../network/goal/declared.js";
import { checkMiniBatches } from "../data/batches.js";
import { readDatasetHeader } from "../data/dataset-file.js";
import { DIGITS_TRAIN } from "../data/load.js";
import { locate } from "../data/locate.js";
import { isFileDataName, sources } from "../data/sources.js";
import { Random } from "../random.js";
import type { TensorSlot } from "../network/layout.js";
import type { SampleKind } from "../network/build.js";
import { checkSamples, isBuiltIn, unitsFor } from "../network/models/names.js";
import { outline } from "../network/models/outline.js";
import { loadFor, nameOfData, shareHeldBack } from "./data-of-run.js";
import { declarationsOf, objectiveOf } from "./declarations.js";
import { trainedOn } from "./hold-back.js";
import { decompose } from "./decompose.js";
import { cutOf, IN_MEMORY, type TrainConfig } from "./options/config.js";
import type { HandedOver } from "./setup.js";

/** What is known of the training samples before ranks start. */
interface Samples extends SampleKind {
  /** Undefined: as many as the files hold. */
  readonly count: number | undefined;
}

/**
 * Refuses, before ranks start, what every one of them would refuse: a model, data, subdomains and mini-batches that do
 * not fit together. The tensors of a built-in network are counted by its options; any other model is built once, which
 * loads TensorFlow.js.
 * @param given what a program holds in memory: its data in files, its model as it is
 * @param filesAreHere whether all ranks read the files that this process sees
 * @throws UsageError
 */
export async function checkFit(
  config: TrainConfig,
  given: {
    readonly data: HandedOver["data"] | undefined;
    readonly goal: Declaration | undefined;
    readonly model: tf.LayersModel | undefined;
    /** Whether the data are those of one mini-batch alone. */
    readonly streamed: boolean;
  },
  filesAreHere: boolean,
): Promise<void> {
  const { data, model } = config;
  if (data === IN_MEMORY && !given.data) return; // a rank says that only the program has them
  const builtIn = given.model === undefined && isBuiltIn(model) ? model : undefined;
  if (builtIn === undefined && given.model === undefined && !filesAreHere) return;
  const files = filesAreHere ? (builtIn ? "locate" : "read") : "nothing";
  const samples = await samplesOf(config, given.data, files);
  if (!samples) return; // only where the ranks are, somebody can look
  if (samples.count !== undefined && !given.streamed) {
    const count = trainedOn(samples.count, shareHeldBack(config));
    checkMiniBatches(count, cutOf(config, count).batches, config.shards && config.subdomains);
  }
  if (builtIn) checkSamples(builtIn, samples);
  if (config.stages > 1) return; // the ranks say whether it can be cut: nobody holds all of it
  const declared = filesAreHere || given.goal ? await declarationsOf(config, given.goal) : [];
  const slots = builtIn
    ? outline(builtIn, {
        ...config,
        classes: unitsFor(builtIn, samples),
        block: samples.inputs[0]!.shape[0] ?? 1,
      })
    : given.model
      ? await tensorsOfModel(given.model, samples, declared, config.objective !== undefined)
      : await tensorsOfFile(config, samples, declared);
  if (slots) decompose(config, slots, new Random(config.seed));
}

/** @param files what is done with the files of a data set, where it has some */
async function samplesOf(
  config: TrainConfig,
  given: HandedOver["data"] | undefined,
  files: "read" | "locate" | "nothing",
): Promise<Samples | undefined> {
  const { data, dataDir, trainSamples } = config;
  const name = nameOfData(data);
  if (given) return { ...(await readDatasetHeader(given.train)), name };
  if (data === "digits") {
    // One is as good as all.
    const { train } = await loadFor({ ...config, trainSamples: 1, testSamples: 1 });
    return { ...train, name, count: trainSamples ?? DIGITS_TRAIN };
  }
  if (files === "read" || (files === "locate" && !isFileDataName(data))) {
    const { train } = await loadFor(config);
    return { ...train, name };
  }
  if (!isFileDataName(data)) return undefined;
  if (files === "locate") await locate(data, dataDir, process.env);
  const { sampleShape, classes } = sources[data];
  return { name, inputs: [{ shape: sampleShape }], targets: [{ shape: [], classes }], count: trainSamples };
}

/** The trainable tensors of a model of a file; undefined where only a process of its own can build it. */
async function tensorsOfFile(
  config: TrainConfig,
  samples: Samples,
  declared: readonly Declaration[],
): Promise<readonly TensorSlot[] | undefined> {
  const [{ tf }, { buildModel, release }, { tensorsOf }] = await Promise.all([
    import("../compute/tensorflow.js"),
    import("../network/build.js"),
    import("../network/parameters.js"),
  ]);
  const wasSilent = tf.env().getBool("PROD");
  tf.env().set("PROD", true); // no advice on backends: nothing is computed here
  try {
    const { model } = await buildModel(
      config,
      samples,
      new Random(config.seed),
      declared,
      await objectiveOf(config),
    );
    const { slots } = tensorsOf(model);
    release(model, config);
    return slots;
  } catch (error) {
    // Of a model that this program has made with another copy of TensorFlow.js: the copies share them.
    if (/Variable with name .* was already registered/.test((error as Error).message)) return undefined;
    throw error;
  } finally {
    tf.env().set("PROD", wasSilent);
  }
}

/** Those of a program's own model, of whatever copy of TensorFlow.js. */
async function tensorsOfModel(
  model: tf.LayersModel,
  samples: Samples,
  declared: readonly Declaration[],
  hasObjective: boolean,
): Promise<readonly TensorSlot[]> {
  const [{ goalFor }, { tensorsOf }] = await Promise.all([
    import("../network/build.js"),
    import("../network/parameters.js"),
  ]);
  if (!hasObjective) goalFor(model, samples, declared, { name: "the model given" });
  return tensorsOf(model).slots;
}
