import { HELP } from "../../config/help-groups.js";
import { choice, inGroup, integer, integers, number, text } from "../../config/option.js";
import { TASKS } from "../../data/formats/options.js";
import { DATA_NAMES } from "../../data/sources.js";
import { DEFAULT_BLOCK, TOKENS } from "../../data/text.js";

/** What to train on. */
export const dataOptions = inGroup(HELP.data, {
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
