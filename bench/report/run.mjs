/**
 * What `apts report` takes with many long runs: wall time of the command, the median of some repeats, without and with a
 * page. Runs are made up in the form in which `apts train` writes them, one of whose folders they are copies of; so many
 * seeds of each experiment as there are runs for.
 *
 *   npm run build
 *   node bench/report/run.mjs [--runs 100] [--points 10000] [--experiments 10] [--repeats 5] [--out runs/report-bench]
 *
 * The page is left in the folder, for bench/report/page.mjs.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100" },
    points: { type: "string", default: "10000" },
    experiments: { type: "string", default: "10" },
    repeats: { type: "string", default: "5" },
    out: { type: "string", default: "runs/report-bench" },
  },
});
const [runs, points, experiments, repeats] = ["runs", "points", "experiments", "repeats"].map((name) =>
  Number(values[name]),
);
const project = resolve(import.meta.dirname, "../..");
const out = resolve(values.out, `${runs}-${points}-${experiments}`);

function apts(...args) {
  const { status, stderr } = spawnSync(process.execPath, [join(project, "dist/src/cli/main.js"), ...args], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Expected apts ${args[0]} to succeed: ${stderr}`);
}

/** Noise of the standard deviation 1, about; the same in every run of this program. */
let state = 1;
function noise() {
  let sum = 0;
  for (let i = 0; i < 12; i++) sum += (state = (state * 16807) % 2147483647) / 2147483647;
  return sum - 6;
}

/** The metrics of a run whose loss falls as training losses do. */
function metricsOf(experiment, seed) {
  let [text, seconds, radius] = ["", 0, 0.003];
  const rate = 1 + experiment / 5 + seed / 50;
  for (let epoch = 1; epoch <= points; epoch++) {
    seconds += 0.3 + 0.01 * noise();
    radius = Math.min(0.1, Math.max(1e-4, radius * (noise() > 0 ? 1.5 : 0.66)));
    const loss = (2.3 / (1 + (rate * epoch) / 20)) * Math.exp(0.05 * noise()) + 1e-4;
    const testLoss = (2.3 / (1 + (rate * epoch) / 30)) * Math.exp(0.03 * noise()) + 0.08;
    const testAccuracy = Math.round(10_000 * (1 - 0.9 / (1 + rate * epoch ** 0.5) + 5e-4 * noise())) / 10_000;
    const line = {
      ...{ epoch, seconds: Number(seconds.toFixed(3)), loss, testLoss, testAccuracy },
      metrics: { accuracy: testAccuracy },
      ...{ radius, accepted: 469, steps: 469 },
      ...{ lossEvaluations: 2.1 * epoch, gradientEvaluations: epoch, bytesSent: 1_900_000 * epoch },
    };
    text += `${JSON.stringify(line)}\n`;
  }
  return text;
}

if (!existsSync(join(out, "made"))) {
  const first = join(out, "first");
  const small =
    "--data digits --train-samples 300 --test-samples 100 --hidden 8 --epochs 1 --ranks 1 --threads 1";
  apts("train", ...small.split(" "), "--out", first);
  const record = JSON.parse(readFileSync(join(first, "config.json"), "utf8"));
  for (let index = 0; index < runs; index++) {
    const [experiment, seed] = [index % experiments, Math.floor(index / experiments)];
    const folder = join(out, "runs", String(index));
    mkdirSync(folder, { recursive: true });
    const options = { ...record.options, seed, batchSize: 100 + experiment };
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...record, options }));
    cpSync(join(first, "summary.json"), join(folder, "summary.json"));
    writeFileSync(join(folder, "metrics.jsonl"), metricsOf(experiment, seed));
  }
  writeFileSync(join(out, "made"), "");
}

const folders = Array.from({ length: runs }, (_, index) => join(out, "runs", String(index)));
const page = ["--html", join(out, "report.html")];
for (const [title, picture, ...more] of [
  ["tables and an SVG", "curves.svg"],
  ["and a page", "curves.svg", ...page],
  ["tables, a PNG, a page and a CSV", "curves.png", ...page, "--csv", join(out, "runs.csv")],
]) {
  const times = Array.from({ length: repeats }, () => {
    const begin = performance.now();
    apts("report", "--out", join(out, picture), ...more, ...folders);
    return (performance.now() - begin) / 1000;
  }).sort((a, b) => a - b);
  const [least, median, most] = [times[0], times[Math.floor(repeats / 2)], times.at(-1)].map((time) =>
    time.toFixed(2),
  );
  console.log(`${title}: ${median} s (${least}–${most})`);
}
