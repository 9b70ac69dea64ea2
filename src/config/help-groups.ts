/** The headings of `apts train --help` and `apts submit --help`, in their order. */
export const HELP = {
  slurm: "SLURM:",
  run: "What to do:",
  data: "Data:",
  model: "Model:",
  method: "Method:",
  ranks: "Ranks:",
  folder: "Run folder:",
  help: "Help:",
} as const;
