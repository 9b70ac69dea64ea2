import papa from "papaparse";
import { describe, expect, it } from "vitest";
import { algoPerfFiles } from "../../../src/arena/report/algoperf.js";
import type { Compared } from "../../../src/arena/report/compared.js";
import { trialOf } from "../../helpers/arena.js";

/**
 * What AlgoPerf's scoring reads, in https://github.com/mlcommons/algorithmic-efficiency at 2c90454 (5 September 2025):
 * scoring/scoring_utils.py, `get_experiment_df` (folders of submissions, studies, workloads and trials; the measurements)
 * and `get_workload_metrics_and_targets` (workload and framework, metrics); scoring/score_submissions.py,
 * `get_summary_df` and `main` (columns); scoring/performance_profile.py, MIN_EVAL_METRICS and MAX_EVAL_METRICS (which
 * metrics fall). `hparams.json` is what algoperf/logger_utils.py, `write_hparams`, leaves beside them.
 */
const READ = {
  measurements:
    /^submissions\/[^/]+\/[^/]+\/(?<workload>.*)(?<framework>_jax|_pytorch)\/trial_\d+\/eval_measurements\.csv$/,
  hparams: /^submissions\/[^/]+\/[^/]+\/.*(?:_jax|_pytorch)\/trial_\d+\/hparams\.json$/,
  columns: ["accumulated_submission_time", "global_step", "score"],
  splits: ["validation", "test"],
  minimised: ["ce_loss", "error_rate", "ctc_loss", "wer", "l1_loss", "loss"],
  maximised: ["mean_average_precision", "ssim", "accuracy", "bleu"],
};

const compared: Compared = {
  workloads: [
    {
      name: "digits, mlp",
      targets: [
        { metric: "testAccuracy", value: 0.9, direction: "max" },
        { metric: "testAccuracy", value: 0.95, direction: "max" },
      ],
      budget: { epochs: 3 },
      options: {},
    },
    {
      name: "poisson",
      targets: [{ metric: "testLoss", value: 0.1, direction: "min" }],
      budget: {},
      options: {},
    },
  ],
  methods: [
    { name: "adam (search)", options: { method: "adam", "beta-1": 0.9 } },
    { name: "./adam [search]", options: {} },
  ],
  trials: [3, 7].flatMap((seed) => [
    ...["digits, mlp", "poisson"].flatMap((workload) =>
      [0.1, 0.01].map((rate) =>
        trialOf([0.5, 0.92, 0.94, 0.99], { workload, method: "adam (search)", seed, candidate: { rate } }),
      ),
    ),
    trialOf([], { workload: "poisson", method: "./adam [search]", seed, failure: "diverged" }),
  ]),
  about: {},
};

const files = algoPerfFiles(compared);
const paths = Object.keys(files);

function rowsOf(path: string): Record<string, string>[] {
  return papa.parse<Record<string, string>>(files[path]!.trim(), { header: true }).data;
}

describe("AlgoPerf's folders", () => {
  it("are submissions, studies, workloads and trials, as its code looks for them", () => {
    expect(paths.filter((path) => path.endsWith(".csv")).length).toBe(10);
    for (const path of paths.filter((path) => path !== "targets.json"))
      expect(path).toMatch(path.endsWith(".csv") ? READ.measurements : READ.hparams);
    expect(paths).toContain("submissions/adam_search_/study_1/digits_mlp_jax/trial_2/eval_measurements.csv");
    expect(new Set(paths.map((path) => path.split("/")[1])).size).toBe(3); // two methods, of other names
    expect(JSON.parse(files["submissions/adam_search_/study_0/poisson_jax/trial_2/hparams.json"]!)).toEqual({
      method: "adam",
      "beta-1": 0.9,
      rate: 0.01,
    });
  });

  it("hold in every file the columns that its code asks for, by names whose direction it knows", () => {
    const targets = JSON.parse(files["targets.json"]!) as Record<
      string,
      { metric: string; target: number; minimized: boolean }
    >;
    expect(targets).toEqual({
      digits_mlp: { metric: "validation/accuracy", target: 0.95, minimized: false },
      poisson: { metric: "validation/loss", target: 0.1, minimized: true },
    });
    for (const path of paths.filter((path) => path.endsWith(".csv"))) {
      const workload = READ.measurements.exec(path)!.groups!["workload"]!;
      const { metric, minimized } = targets[workload]!;
      const [split, name] = metric.split("/");
      expect(READ.splits).toContain(split);
      expect(minimized ? READ.minimised : READ.maximised).toContain(name);
      const columns = Object.keys(rowsOf(path)[0]!);
      expect(columns).toEqual(expect.arrayContaining(READ.columns));
      expect(columns).toEqual(expect.arrayContaining(READ.splits.map((one) => `${one}/${name}`)));
      expect(new Set(columns).size).toBe(columns.length);
    }
  });

  it("hold a row for each measurement within the budget, and one of nothing for a trial without any", () => {
    const rows = rowsOf("submissions/adam_search_/study_0/digits_mlp_jax/trial_1/eval_measurements.csv");
    expect(rows.map((row) => row["validation/accuracy"])).toEqual(["0.5", "0.92", "0.94"]);
    expect(rows[2]).toMatchObject({
      accumulated_submission_time: "6",
      score: "6",
      global_step: "30",
      gradients: "9",
      epochs: "3",
      "test/accuracy": "0.94",
    });
    const diverged = paths.find((path) => /_adam_search_\/.*\.csv$/.test(path))!;
    expect(rowsOf(diverged)).toEqual([
      expect.objectContaining({ accumulated_submission_time: "0", "validation/loss": "" }),
    ]);
  });
});
