import { computeOptions } from "../../compute/options.js";
import { communicationOptions } from "../../config/communication.js";
import { HELP } from "../../config/help-groups.js";
import { choice, flag, inGroup, integer, names, number, text } from "../../config/option.js";
import { trackerNames } from "../../track/tracking.js";

/** How parameters are split among local solves. */
export const decompositionOptions = inGroup(HELP.method, {
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

/** What the ranks are, and how the network lies on them. */
export const rankOptions = inGroup(HELP.ranks, {
  ranks: integer({ min: 1, max: 4096, fallback: undefined, help: "processes (default: one for each core)" }),
  stages: integer({
    min: 1,
    max: 4096,
    fallback: undefined,
    help: "cut the network in N stages, each on a rank of its own; the ranks are then whole copies of these (default: 1)",
  }),
  cut: text({
    fallback: undefined,
    placeholder: "LAYER,LAYER",
    help: "the layers that stages end with, but for the last, in place of --stages (default: balanced)",
  }),
  microBatches: integer({
    min: 1,
    max: 1_000_000,
    fallback: undefined,
    placeholder: "M",
    help: "with stages, cut each mini-batch in M parts at most, which follow each other through them (default: as memory and their number ask)",
  }),
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
    fallback: undefined,
    placeholder: "MB",
    help: "what a rank may take: its parameters, all that is as long, and intermediate results, made in parts that fit; a network that takes more is refused (default: its share of the host's, 2048 for the results)",
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

/** What a run leaves on disk. */
export const folderOptions = inGroup(HELP.folder, {
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
  track: names(trackerNames, {
    fallback: ["tensorboard"],
    help: "what else to write metrics for, of epochs and of some steps",
  }),
  profile: flag({ fallback: false, help: "write a CPU profile of each rank, rank-R.cpuprofile" }),
  trace: integer({
    min: 1,
    max: 1000,
    fallback: undefined,
    placeholder: "STEPS",
    help: "record what every rank does in so many steps, from the 10th on, in trace.json (docs/scaling.md)",
  }),
});
