export { fromVariables, toVariables, type RankEnvironment } from "./environment.js";
export { type JoinOptions } from "./meeting/join.js";
export { newJobId, newJobKey } from "./job.js";
export { startRendezvous, type Rendezvous, type RendezvousOptions } from "./server.js";
export { expandNodelist } from "./starters/nodelist.js";
export { startedBy, type Task } from "./starters/index.js";
export { expectStartedOnce } from "./starters/once.js";
