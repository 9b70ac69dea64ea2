import { UsageError } from "../../errors.js";
import { masterOf, rankOf, textOf, wholeOf, type Place, type Starter, type Task } from "./task.js";

/*
 * The words of torch.distributed. torchrun sets them, Ray Train and Kubeflow's PyTorchJob, users by hand. A single
 * process that they describe has its machine to itself, and starts ranks there as in a shell.
 */

/** RANK and WORLD_SIZE. */
export const torch: Starter = (variables) => {
  if (textOf(variables, "RANK") === undefined && variables["WORLD_SIZE"] === "1") return undefined;
  const place = rankOf(variables, { rank: "RANK", size: "WORLD_SIZE" });
  if (place === undefined || place.size === 1) return undefined;
  return {
    starter: isTorchrun(variables) ? "torchrun" : "RANK and WORLD_SIZE",
    ...place,
    localRank: wholeOf(variables, "LOCAL_RANK"),
    localSize: wholeOf(variables, "LOCAL_WORLD_SIZE", 1),
    job: jobOf(variables),
    place: masterPlace(variables),
  };
};

/** torchrun is the last to start a process: what others have set was for it. */
export const torchrun: Starter = (variables) => (isTorchrun(variables) ? torch(variables) : undefined);

/** Kubeflow Trainer gives a pod what torchrun would need to start the pod's processes. */
export const trainJob: Starter = (variables) => {
  if (textOf(variables, "RANK") !== undefined) return undefined;
  if (textOf(variables, "PET_NODE_RANK") === undefined) return undefined;
  const place = rankOf(variables, { rank: "PET_NODE_RANK", size: "PET_NNODES" })!;
  const processes = textOf(variables, "PET_NPROC_PER_NODE") ?? "1";
  if (place.size === 1) return undefined;
  if (processes !== "1") {
    throw new UsageError(
      `Expected one rank in each pod of a TrainJob, got PET_NPROC_PER_NODE=${processes}. ` +
        "Set numProcPerNode: 1 in the TrainJob, and numNodes to the number of ranks.",
    );
  }
  const job = `port ${textOf(variables, "PET_MASTER_PORT") ?? ""}`;
  return inPod({ starter: "Kubeflow Trainer", ...place, job }, masterOf(variables, "PET_"));
};

/** A Kubernetes Indexed Job tells a pod its index, its manifest how many there are and where the first is. */
export const indexedJob: Starter = (variables) => {
  const index = textOf(variables, "JOB_COMPLETION_INDEX");
  if (index === undefined || variables["WORLD_SIZE"] === "1") return undefined;
  // Kubeflow's pods belong to Indexed Jobs, too; theirs and torchrun's variables have been read.
  if (["RANK", "PET_NODE_RANK"].some((name) => textOf(variables, name) !== undefined)) return undefined;
  if (textOf(variables, "WORLD_SIZE") === undefined) {
    throw new UsageError(
      `Found JOB_COMPLETION_INDEX=${index} in the environment, so that this is a pod of a Kubernetes Indexed Job, and no ` +
        "WORLD_SIZE: each pod would train alone. Set WORLD_SIZE in the manifest to the job's completions, and MASTER_ADDR and " +
        "MASTER_PORT (hosts/kubernetes-job.yaml); or WORLD_SIZE=1, where each pod is to train alone.",
    );
  }
  const place = rankOf(variables, { rank: "JOB_COMPLETION_INDEX", size: "WORLD_SIZE" })!;
  return inPod({ starter: "Kubernetes", ...place, job: jobOf(variables) }, masterOf(variables));
};

/** A pod has one rank, and its host to itself. */
function inPod(task: Pick<Task, "starter" | "rank" | "size" | "job">, place: Place | undefined): Task {
  return { ...task, localRank: 0, localSize: 1, place: place ?? { kind: "unknown" } };
}

function isTorchrun(variables: NodeJS.ProcessEnv): boolean {
  return textOf(variables, "TORCHELASTIC_RUN_ID") !== undefined;
}

function jobOf(variables: NodeJS.ProcessEnv): string {
  const names = ["MASTER_PORT", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT"];
  return names.map((name) => textOf(variables, name) ?? "").join(" ");
}

/** torchrun itself may listen on MASTER_PORT: then its ranks meet on another, made from the job's name. */
function masterPlace(variables: NodeJS.ProcessEnv): Place {
  const place = masterOf(variables);
  if (place?.kind !== "address") return place ?? { kind: "unknown" };
  return variables["TORCHELASTIC_USE_AGENT_STORE"] === "True" ? { ...place, port: undefined } : place;
}
