import { flag, type OptionTable } from "./option.js";

/** How the ranks of a job talk, whichever command starts them. */
export const communicationOptions = {
  insecure: flag({ fallback: false, help: "do not encrypt messages (trusted networks only)" }),
  sharedMemory: flag({ fallback: true, help: "let ranks of one host read each other's memory" }),
} satisfies OptionTable;
