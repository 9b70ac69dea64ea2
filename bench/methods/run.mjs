/**
 * Trains with every method on one data set for three seeds, full batch, the default network 784-32-32-10; then draws
 * and tabulates what they reach within equal numbers of epochs and of gradients (docs/methods.md).
 *
 *   npm run build
 *   node bench/methods/run.mjs --data mnist [--data-dir DIR] [--epochs 100] [--ranks 2] [--out runs/methods] [METHOD…]
 *
 * Learning rates are searched for: the best of five by the loss that it ends with, mean of the seeds, is tabulated.
 * Runs that are finished already are kept: the script goes on where it was stopped.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", default: "mnist" },
    "data-dir": { type: "string" },
    epochs: { type: "string", default: "100" },
    ranks: { type: "string", default: "2" },
    out: { type: "string", default: "runs/methods" },
  },
});
const { data, epochs, ranks, out } = values;
const SEEDS = [0, 1, 2];

/** Options of each method; RATE stands for the learning rates to choose from. */
const methods = {
  apts: { options: "--subdomains 2" },
  "apts, N=1": { options: "--subdomains 1" },
  "apts, N=6": { options: "--subdomains 6" },
  // what apts is without subdomains: its global step alone
  "TR, apts' step": { options: "--method tr --direction adam --try-longer --radius 0.005 --grow 1.5" },
  napts: { options: "--method napts --subdomains 2" },
  "apts, L-SR1": { options: "--subdomains 2 --direction l-sr1 --local-steps 5" },
  "APTS order 1, N=1": { options: "--subdomains 1 --no-fdl --preset published" },
  "APTS order 1, N=2": { options: "--subdomains 2 --no-fdl --preset published" },
  "APTS order 1, N=4": { options: "--subdomains 4 --no-fdl --preset published" },
  "APTS order 1, N=6": { options: "--subdomains 6 --no-fdl --preset published" },
  "APTS order 1, N=6, fdl": { options: "--subdomains 6 --preset published" },
  "TR order 1": { options: "--method tr" },
  "TR, L-SR1": { options: "--method tr --direction l-sr1" },
  "L-BFGS": { options: "--method lbfgs" },
  Adam: { options: "--method adam --learning-rate RATE", rates: [0.001, 0.003, 0.01, 0.03, 0.1] },
  AdamW: { options: "--method adamw --learning-rate RATE", rates: [0.001, 0.003, 0.01, 0.03, 0.1] },
  AdaBelief: { options: "--method adabelief --learning-rate RATE", rates: [0.001, 0.003, 0.01, 0.03, 0.1] },
  diffGrad: { options: "--method diffgrad --learning-rate RATE", rates: [0.001, 0.003, 0.01, 0.03, 0.1] },
  Lion: { options: "--method lion --learning-rate RATE", rates: [0.0001, 0.0003, 0.001, 0.003, 0.01] },
  SOAA: { options: "--method soaa --learning-rate RATE", rates: [0.001, 0.003, 0.01, 0.03, 0.1] },
  "SGD, momentum 0.9": { options: "--method sgd --learning-rate RATE", rates: [0.01, 0.03, 0.1, 0.3, 1] },
};

/** Trains, unless that is done already; returns the run's folder. */
function train(name, options, seed) {
  const folder = join(out, data, `${name.replaceAll(/[^a-z0-9.]+/gi, "-")}-${seed}`);
  const summary = join(folder, "summary.json");
  if (existsSync(summary) && JSON.parse(readFileSync(summary, "utf8")).ended !== "stopped") return folder;
  rmSync(folder, { recursive: true, force: true }); // what another start of this script left unfinished
  console.error(`${name}, seed ${seed}`);
  const where = values["data-dir"] ? ["--data-dir", values["data-dir"]] : [];
  const common = `--data ${data} --ranks ${ranks} --threads 1 --epochs ${epochs} --batches 1 --seed ${seed} --out ${folder}`;
  const given = [common, options].filter(Boolean).join(" ").split(" ");
  execFileSync("npx", ["apts", "train", ...given, ...where], { stdio: ["ignore", "ignore", "inherit"] });
  return folder;
}

/** Mean loss at the end; a run that diverged is the worst. */
function finalLoss(folders) {
  const losses = folders.map((folder) => JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")).loss);
  const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
  return Number.isFinite(mean) && losses.every((loss) => loss !== null) ? mean : Infinity;
}

const runs = [];
for (const [name, { options, rates }] of Object.entries(methods)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const candidates = (rates ?? [undefined]).map((rate) => {
    const label = rate === undefined ? name : `${name} ${rate}`;
    const folders = SEEDS.map((seed) => train(label, options.replace("RATE", rate), seed));
    return { label, folders, loss: rates ? finalLoss(folders) : 0 };
  });
  const best = candidates.reduce((a, b) => (b.loss < a.loss ? b : a));
  if (rates)
    console.error(
      `${name}: final losses ${candidates.map(({ label, loss }) => `${label}: ${loss}`).join(", ")}`,
    );
  runs.push(...best.folders.map((folder) => `${best.label}=${folder}`));
}
const picture = join(out, `${data}.svg`);
execFileSync("npx", ["apts", "report", ...runs, "--markdown", "--out", picture], { stdio: "inherit" });
