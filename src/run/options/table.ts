import type { OptionTable } from "../../config/option.js";
import { dataOptions } from "./of-data.js";
import { modelOptions } from "./of-model.js";
import { decompositionOptions, folderOptions, rankOptions } from "./of-ranks.js";
import { runOptions } from "./of-run.js";

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
  "track",
  "profile",
  "trace",
] satisfies (keyof typeof trainOptions)[]);
