import { fstatSync, readFileSync } from "node:fs";
import { masterOf, rankOf, textOf, wholeOf, type Place, type Starter } from "./task.js";

/*
 * MPI's launchers. They know nothing of apts; each tells every process who it is among how many, and some give the
 * processes a way to talk, or a secret, of which MPI libraries make their connections.
 */

interface Names {
  readonly starter: string;
  readonly rank: string;
  readonly size: string;
  readonly localRank: string;
  readonly localSize: string;
  /** A variable that names this start of the job. */
  readonly job: readonly string[];
  /** A variable with random bits that the launcher gives to the job's processes alone. */
  readonly secret?: string;
  /** Where ranks of several hosts meet, if neither MASTER_ADDR nor PMI says it. */
  readonly otherwise?: (variables: NodeJS.ProcessEnv) => Place | undefined;
}

/** Open MPI 4 (ORTE) and 5 (PRRTE). */
export const openMpi = launcher({
  starter: "Open MPI",
  rank: "OMPI_COMM_WORLD_RANK",
  size: "OMPI_COMM_WORLD_SIZE",
  localRank: "OMPI_COMM_WORLD_LOCAL_RANK",
  localSize: "OMPI_COMM_WORLD_LOCAL_SIZE",
  job: ["PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"],
  secret: "OMPI_MCA_orte_precondition_transports",
  otherwise: besideMpirun,
});

/** MVAPICH 2 by mpirun_rsh, and by Hydra. */
export const mvapich = launcher({
  starter: "MVAPICH",
  rank: "MV2_COMM_WORLD_RANK",
  size: "MV2_COMM_WORLD_SIZE",
  localRank: "MV2_COMM_WORLD_LOCAL_RANK",
  localSize: "MV2_COMM_WORLD_LOCAL_SIZE",
  job: ["MPIRUN_ID"],
});

/** HPE's PALS (Cray mpiexec): the size is PMI's. */
export const pals = launcher({
  starter: "PALS",
  rank: "PALS_RANKID",
  size: "PMI_SIZE",
  localRank: "PALS_LOCAL_RANKID",
  localSize: "PMI_LOCAL_SIZE",
  job: ["PALS_APID"],
});

/** MPICH's Hydra, and what is made from it: Intel MPI, MVAPICH 3 and later. */
export const hydra = launcher({
  starter: "MPICH",
  rank: "PMI_RANK",
  size: "PMI_SIZE",
  localRank: "MPI_LOCALRANKID",
  localSize: "MPI_LOCALNRANKS",
  job: [],
});

/** Flux: its jobs have PMI, too. The ranks of a job on one node are all local. */
export const flux: Starter = (variables) => {
  if (textOf(variables, "FLUX_TASK_RANK") === undefined) return undefined;
  const place = rankOf(variables, { rank: "FLUX_TASK_RANK", size: "FLUX_JOB_SIZE" })!;
  const localSize = variables["FLUX_JOB_NNODES"] === "1" ? place.size : undefined;
  const local = localSize === place.size;
  return {
    starter: "Flux",
    ...place,
    localRank: wholeOf(variables, "FLUX_TASK_LOCAL_ID"),
    localSize,
    job: `flux ${variables["FLUX_JOB_ID"] ?? ""}`,
    place: masterOf(variables) ?? pmi(variables, local) ?? (local ? { kind: "host" } : { kind: "unknown" }),
  };
};

/** Reads the variables of a launcher. */
function launcher(names: Names): Starter {
  return (variables) => {
    // Several launchers tell the size as PMI does: by itself it is not this one's.
    const own = names.size === "PMI_SIZE" ? [names.rank] : [names.rank, names.size];
    if (own.every((name) => textOf(variables, name) === undefined)) return undefined;
    const { rank, size } = rankOf(variables, names)!;
    const localRank = wholeOf(variables, names.localRank);
    const localSize = wholeOf(variables, names.localSize, 1);
    const local = localSize === size;
    const told = names.job.map((name) => textOf(variables, name)).find((name) => name !== undefined);
    const job = told ?? (local ? proxy() : undefined);
    const here: Place | undefined = local && job !== undefined ? { kind: "host" } : undefined;
    const place: Place = masterOf(variables) ??
      pmi(variables, local) ??
      here ??
      names.otherwise?.(variables) ?? { kind: "unknown" };
    const secret = names.secret === undefined ? undefined : textOf(variables, names.secret);
    return {
      starter: names.starter,
      rank,
      size,
      localRank,
      localSize,
      job: `${names.starter} ${job ?? ""}`,
      place: place.kind === "address" ? { ...place, secret } : place,
    };
  };
}

/** PMI-1, where the launcher's socket has come down to this process: programs between them may have closed it. */
function pmi(variables: NodeJS.ProcessEnv, local: boolean): Place | undefined {
  const descriptor = Number(textOf(variables, "PMI_FD") ?? Number.NaN);
  try {
    return fstatSync(descriptor).isSocket() ? { kind: "pmi", descriptor, local } : undefined;
  } catch {
    return undefined;
  }
}

/** Open MPI 4 tells all ranks the addresses of mpirun, on whose host rank 0 is as a rule. */
function besideMpirun(variables: NodeJS.ProcessEnv): Place | undefined {
  const hosts = /;tcp:\/\/([\d.,]+):/.exec(variables["OMPI_MCA_orte_hnp_uri"] ?? "")?.[1]?.split(",");
  if (hosts === undefined) return undefined;
  return { kind: "address", hosts, launchers: true };
}

/** A name for the Hydra proxy that started this process, which all ranks of this host share: its number and start. */
function proxy(): string | undefined {
  try {
    for (let pid = process.ppid; pid > 1;) {
      const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))!;
      const fields = rest!.split(" "); // from the third on: state, parent, …; the 22nd is the start
      if (name!.startsWith("hydra_pmi_pro")) return `${pid} ${fields[19]!}`;
      pid = Number(fields[1]);
    }
  } catch {
    // no /proc, or not ours to read
  }
  return undefined;
}
