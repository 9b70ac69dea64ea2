"""Scores a comparison by AlgoPerf's own code, which takes workloads and targets from a registry of its own.

    git clone https://github.com/mlcommons/algorithmic-efficiency
    pip install absl-py matplotlib numpy pandas tabulate
    apts compare examples/arena.yaml --out runs/arena
    python examples/algoperf-score.py algorithmic-efficiency runs/arena --output_dir=runs/arena-algoperf
"""

import json
import sys
import types

import numpy

checkout, comparison, *options = sys.argv[1:]
submissions = f"{comparison}/algoperf/submissions"
with open(f"{comparison}/algoperf/targets.json") as file:
    targets = json.load(file)

# Its registry imports jax and PyTorch for the workloads that it knows; this one knows those of the comparison.
registry = types.ModuleType("algoperf.workloads.workloads")
registry.WORKLOADS, registry.BASE_WORKLOADS = targets, list(targets)
registry.get_base_workload_name = lambda workload: workload
sys.modules.update({name: types.ModuleType(name) for name in ("algoperf", "algoperf.workloads")})
sys.modules[registry.__name__] = registry
if not hasattr(numpy, "trapz"):  # renamed in numpy 2
    numpy.trapz = numpy.trapezoid

sys.path[:0] = [checkout, f"{checkout}/scoring"]
from absl import app
from scoring import performance_profile, scoring_utils


def metric_and_target(workload, split="validation"):
    target = targets[workload.rsplit("_", 1)[0]]
    return target["metric"].replace("validation", split, 1), target["target"]


scoring_utils.get_workload_metrics_and_targets = metric_and_target
performance_profile.NUM_BASE_WORKLOADS = len(targets)
performance_profile.MINIMIZE_REGISTRY.update({t["metric"]: t["minimized"] for t in targets.values()})

# score_submissions imports them by these names
sys.modules.update(performance_profile=performance_profile, scoring_utils=scoring_utils)
import score_submissions

arguments = [f"--submission_directory={submissions}", "--compute_performance_profiles", "--self_tuning_ruleset"]
app.run(score_submissions.main, ["score_submissions", *arguments, *options])
