import { launchOptions } from "../../launcher/options.js";
import { HELP } from "../config/help-groups.js";
import { flag, inGroup, integer, text, type OptionTable } from "../config/option.js";

/** How a training job begins, and what it does after a failure. */
export const jobOptions = inGroup(HELP.folder, {
  resume: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "go on in this run folder from its last checkpoint, with its options",
  }),
  autoResume: flag({
    fallback: false,
    help: "go on in --out if a run has begun there; always so when SLURM has requeued the job",
  }),
  maxRestarts: integer({
    min: 0,
    max: 1_000_000,
    fallback: 0,
    help: "after a failure start again from the last checkpoint, up to K times, while there are new ones",
  }),
} satisfies OptionTable);

/** Beside them, where the ranks of a job that apts starts run. */
export const startOptions = { ...jobOptions, ...launchOptions };
