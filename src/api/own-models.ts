import { UsageError } from "../errors.js";

/** Models of the program that a `train` is at work on. */
const atWork = new WeakSet();
/** Models whose weights have taken in what was done to inputs: they take samples as they are. */
const standardised = new WeakSet();

/**
 * Takes a model for one `train`, until the function returned is called.
 * @throws UsageError where another has it, whose weights would be lost
 */
export function takeModel(model: object): () => void {
  if (atWork.has(model)) {
    throw new UsageError(
      "Expected a model that no other train() is at work on, got one that is being trained. Await that first, or give each a model of its own.",
    );
  }
  atWork.add(model);
  return () => atWork.delete(model);
}

/**
 * Standardising begins with weights made for standardised inputs, and ends with weights for inputs as they are.
 * @throws UsageError where that was done to `model` already
 */
export function expectNotStandardised(model: object): void {
  if (!standardised.has(model)) return;
  throw new UsageError(
    "Expected standardise for a model that is trained for the first time: this one's weights take samples as they are since an earlier train() with it. " +
      "Leave standardise out to train on from there.",
  );
}

export function markStandardised(model: object): void {
  standardised.add(model);
}
