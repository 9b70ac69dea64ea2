import { arrayOf, type Dataset, type Labelled } from "../../../src/data/dataset.js";

/** The features and labels of a dataset of one input and one class each. */
export function plain(dataset: Dataset | undefined): Labelled {
  const [input] = dataset!.inputs;
  const [target] = dataset!.targets;
  return {
    features: arrayOf(input!),
    labels: arrayOf(target!) as Int32Array,
    sampleShape: input!.shape,
    classes: target!.classes!,
  };
}
