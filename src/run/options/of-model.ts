import { HELP } from "../../config/help-groups.js";
import { flag, inGroup, integer, integers, text } from "../../config/option.js";
import { LOSS_NAMES } from "../../network/losses/names.js";
import { MODEL_NAMES } from "../../network/models/names.js";

/** What to train, and what for. */
export const modelOptions = inGroup(HELP.model, {
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
