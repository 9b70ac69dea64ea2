export { fromVariables, toVariables, type RankEnvironment } from "./environment.js";
export { type JoinOptions } from "./slurm/join.js";
export { newJobId, newJobKey } from "./job.js";
export { startRendezvous, type Rendezvous, type RendezvousOptions } from "./server.js";
export { slurmTask, type SlurmTask } from "./slurm/task.js";
