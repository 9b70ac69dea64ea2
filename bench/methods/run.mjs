// Trains with every method on one data set for three seeds, then draws and tabulates them (docs/methods.md).
//
//   node bench/methods/run.mjs mnist 100 runs/methods [METHOD…]      (APTS_DATA_DIR names the folder of the files)
//
// Runs that are there already are kept: the script goes on where it was stopped.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const [data = "mnist", epochs = "100", out = "runs/methods", ...wanted] = process.argv.slice(2);
const published = ["--direction", "gradient", "--no-try-longer", "--radius", "0.01", "--grow", "2"];
const fullBatch = ["--batches", "1"];
const methods = {
  apts: [],
  "apts N=6": ["--subdomains", "6"],
  napts: ["--method", "napts"],
  "adam 0.01": ["--method", "adam", ...fullBatch, "--learning-rate", "0.01"],
  "adam 0.03": ["--method", "adam", ...fullBatch, "--learning-rate", "0.03"],
  "APTS order 1, fdl off, N=6": ["--subdomains", "6", "--no-fdl", ...published],
  "APTS order 1, fdl on, N=6": ["--subdomains", "6", "--fdl", ...published],
  "TR order 1": ["--method", "tr"],
  "TR order 2": ["--method", "tr", "--direction", "l-sr1"],
  lbfgs: ["--method", "lbfgs"],
  "sgd 0.1, momentum 0.9": ["--method", "sgd", ...fullBatch, "--learning-rate", "0.1", "--momentum", "0.9"],
};

const runs = [];
for (const seed of [0, 1, 2]) {
  for (const [name, options] of Object.entries(methods)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const folder = join(out, `${name.replace(/[^a-z0-9.]+/gi, "-")}-${seed}`);
    runs.push(`${name}=${folder}`);
    if (existsSync(join(folder, "summary.json"))) continue;
    const common = [
      "--data",
      data,
      "--ranks",
      "2",
      "--epochs",
      epochs,
      "--seed",
      String(seed),
      "--out",
      folder,
    ];
    console.error(`${name}, seed ${seed}`);
    execFileSync("npx", ["apts", "train", ...common, ...options], { stdio: ["ignore", "ignore", "inherit"] });
  }
}
execFileSync("npx", ["apts", "report", ...runs, "--out", join(out, `${data}.svg`)], { stdio: "inherit" });
