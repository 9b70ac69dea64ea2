import { describe, expect, it } from "vitest";
import { startedBy } from "../../../src/rank/starters/index.js";
import { UsageError } from "../../../src/errors.js";

const openMpi = {
  OMPI_COMM_WORLD_RANK: "5",
  OMPI_COMM_WORLD_SIZE: "8",
  OMPI_COMM_WORLD_LOCAL_RANK: "1",
  OMPI_COMM_WORLD_LOCAL_SIZE: "4",
  PMIX_NAMESPACE: "1252196353",
  OMPI_MCA_orte_hnp_uri: "1252196352.0;tcp://192.0.2.2,10.0.0.1:35985;tcp6://[fd00::2]:51469",
  OMPI_MCA_orte_precondition_transports: "74869cc075220585-ea875db24a27a634",
};
const hydra = { PMI_RANK: "1", PMI_SIZE: "4", MPI_LOCALRANKID: "1", MPI_LOCALNRANKS: "2" };
const master = { MASTER_ADDR: "node1", MASTER_PORT: "29500" };
const atMaster = { kind: "address", hosts: ["node1"], port: 29500 };
const byHand = { RANK: "1", WORLD_SIZE: "4", ...master };
const slurmStep = {
  SLURM_JOB_ID: "12",
  SLURM_STEP_ID: "0",
  SLURM_STEP_NUM_TASKS: "4",
  SLURM_STEP_NODELIST: "n[1-2]",
  SLURM_STEP_TASKS_PER_NODE: "2(x2)",
  SLURM_PROCID: "1",
  SLURM_LOCALID: "1",
  SLURM_NODEID: "0",
};
const without = (variables: Record<string, string>, ...names: string[]) =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)));

describe("startedBy", () => {
  it.each([
    [
      "Open MPI, on its mpirun's host where nobody says another",
      openMpi,
      {
        starter: "Open MPI",
        rank: 5,
        size: 8,
        localRank: 1,
        localSize: 4,
        job: "Open MPI 1252196353",
        place: {
          kind: "address",
          hosts: ["192.0.2.2", "10.0.0.1"],
          secret: "74869cc075220585-ea875db24a27a634",
          launchers: true,
        },
      },
    ],
    ["Open MPI, where MASTER_ADDR says", { ...openMpi, ...master }, { starter: "Open MPI", place: atMaster }],
    [
      "Open MPI on one host",
      { ...openMpi, OMPI_COMM_WORLD_LOCAL_SIZE: "8" },
      { starter: "Open MPI", place: { kind: "host" } },
    ],
    [
      "Open MPI 5 on several hosts, which does not say where",
      without(openMpi, "OMPI_MCA_orte_hnp_uri"),
      { starter: "Open MPI", place: { kind: "unknown" } },
    ],
    [
      "MPICH, Intel MPI",
      { ...hydra, ...master },
      { starter: "MPICH", rank: 1, localSize: 2, place: atMaster },
    ],
    [
      "MVAPICH",
      {
        MV2_COMM_WORLD_RANK: "2",
        MV2_COMM_WORLD_SIZE: "4",
        MV2_COMM_WORLD_LOCAL_RANK: "2",
        MV2_COMM_WORLD_LOCAL_SIZE: "4",
        MPIRUN_ID: "77",
      },
      { starter: "MVAPICH", rank: 2, localRank: 2, job: "MVAPICH 77", place: { kind: "host" } },
    ],
    [
      "PALS, not the MPICH whose variables it sets",
      { PALS_RANKID: "3", PALS_LOCAL_RANKID: "1", PALS_APID: "a", PMI_RANK: "3", PMI_SIZE: "4", ...master },
      { starter: "PALS", rank: 3, size: 4, localRank: 1, place: atMaster },
    ],
    [
      "Flux, not the MPICH whose variables it sets",
      {
        FLUX_TASK_RANK: "1",
        FLUX_JOB_SIZE: "4",
        FLUX_TASK_LOCAL_ID: "1",
        FLUX_JOB_NNODES: "1",
        FLUX_JOB_ID: "9",
        PMI_RANK: "1",
        PMI_SIZE: "4",
      },
      { starter: "Flux", rank: 1, size: 4, localRank: 1, localSize: 4, place: { kind: "host" } },
    ],
    [
      "RANK and WORLD_SIZE by hand",
      byHand,
      { starter: "RANK and WORLD_SIZE", rank: 1, size: 4, localRank: undefined, place: atMaster },
    ],
    [
      "all on one host, where MASTER_ADDR is it",
      { ...byHand, MASTER_ADDR: "localhost" },
      { place: { kind: "host" } },
    ],
    [
      "torchrun, which listens on MASTER_PORT itself",
      { ...byHand, LOCAL_RANK: "1", TORCHELASTIC_RUN_ID: "x", TORCHELASTIC_USE_AGENT_STORE: "True" },
      { starter: "torchrun", localRank: 1, place: { ...atMaster, port: undefined } },
    ],
    [
      "a TrainJob of Kubeflow",
      {
        PET_NNODES: "2",
        PET_NODE_RANK: "1",
        PET_NPROC_PER_NODE: "1",
        PET_MASTER_ADDR: "job-node-0-0.job",
        PET_MASTER_PORT: "29500",
        JOB_COMPLETION_INDEX: "1",
      },
      {
        starter: "Kubeflow Trainer",
        rank: 1,
        size: 2,
        place: { kind: "address", hosts: ["job-node-0-0.job"], port: 29500 },
      },
    ],
    [
      "an Indexed Job of Kubernetes",
      { JOB_COMPLETION_INDEX: "2", WORLD_SIZE: "4", ...master },
      { starter: "Kubernetes", rank: 2, size: 4, localSize: 1, place: atMaster },
    ],
    ["SLURM", slurmStep, { starter: "SLURM", rank: 1 }],
  ])("recognises %s", (_, variables, task) => {
    expect(startedBy(variables)).toMatchObject(task);
  });

  it.each([
    [
      "mpirun in an allocation of SLURM, whose task is mpirun's daemon",
      { ...openMpi, ...slurmStep },
      "Open MPI",
    ],
    ["Hydra there", { ...hydra, ...slurmStep, PMI_RANK: "2" }, "MPICH"],
    ["SLURM that speaks PMI itself", { ...hydra, ...slurmStep }, "SLURM"],
    ["numbers that a script hands on", { ...slurmStep, ...byHand }, "SLURM"],
    [
      "torchrun in each task of SLURM",
      { ...slurmStep, ...byHand, RANK: "3", TORCHELASTIC_RUN_ID: "x" },
      "torchrun",
    ],
  ])("knows the innermost of several: %s", (_, variables, starter) => {
    expect(startedBy(variables)?.starter).toBe(starter);
  });

  it.each([
    ["nothing", {}],
    ["one process", { RANK: "0", WORLD_SIZE: "1" }],
    ["WORLD_SIZE=1 alone", { WORLD_SIZE: "1" }],
    ["empty variables", { RANK: "", WORLD_SIZE: "" }],
    ["an Indexed Job whose pods do not belong together", { JOB_COMPLETION_INDEX: "1", WORLD_SIZE: "1" }],
    [
      "a TrainJob of one pod, which is an Indexed Job's",
      { PET_NNODES: "1", PET_NODE_RANK: "0", JOB_COMPLETION_INDEX: "0" },
    ],
    ["a place without ranks", master],
  ])("takes for an ordinary process: %s", (_, variables) => {
    expect(startedBy(variables)).toBeUndefined();
  });

  it.each([
    [{ RANK: "1" }, /^Found RANK=1 in the environment, and no WORLD_SIZE.*env -u RANK/],
    [{ RANK: "gold" }, /^Found RANK=gold in the environment, and no WORLD_SIZE/],
    [{ WORLD_SIZE: "4" }, /^Found WORLD_SIZE=4 in the environment, and no RANK/],
    [{ ...byHand, RANK: "4" }, /^Expected RANK to be less than WORLD_SIZE, got RANK=4 and WORLD_SIZE=4/],
    [{ ...byHand, RANK: "-1" }, /^Expected RANK in the environment to be an integer from 0, got "-1"/],
    [{ ...byHand, MASTER_PORT: "70000" }, /^Expected MASTER_PORT to be a port, got 70000/],
    [
      { ...byHand, MASTER_ADDR: "fd00::2" },
      /^Expected MASTER_ADDR to be a name or an IPv4 address, got fd00::2/,
    ],
    [without(openMpi, "OMPI_COMM_WORLD_RANK"), /^Found OMPI_COMM_WORLD_SIZE=8 .* no OMPI_COMM_WORLD_RANK/],
    [without(openMpi, "OMPI_COMM_WORLD_SIZE"), /^Found OMPI_COMM_WORLD_RANK=5 .* no OMPI_COMM_WORLD_SIZE/],
    [
      { ...openMpi, RANK: "0", WORLD_SIZE: "2" },
      /^Open MPI has started this process as rank 5 of 8, but the environment has RANK=0 and WORLD_SIZE=2, too/,
    ],
    [{ ...openMpi, MASTER_ADDR: "127.0.0.1" }, /^Expected MASTER_ADDR to name .* only 4 of its 8 ranks/],
    [
      { PET_NNODES: "2", PET_NODE_RANK: "1", PET_NPROC_PER_NODE: "auto" },
      /^Expected one rank in each pod .*PET_NPROC_PER_NODE=auto/,
    ],
    [
      { JOB_COMPLETION_INDEX: "1" },
      /^Found JOB_COMPLETION_INDEX=1 .* no WORLD_SIZE: each pod would train alone. Set WORLD_SIZE .* completions.*or WORLD_SIZE=1/,
    ],
    [{ PET_NNODES: "1:4", PET_NODE_RANK: "1" }, /^Expected PET_NNODES .* got "1:4"/],
  ])("names what is half said or said twice: %j", (variables, message) => {
    expect(() => startedBy(variables)).toThrow(UsageError);
    expect(() => startedBy(variables)).toThrow(message);
  });
});
