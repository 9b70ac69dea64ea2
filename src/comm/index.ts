export type { Communicator, NumericArray, ReduceOp, Traffic } from "./communicator.js";
export { connect, createLocalGroup, init, selfCommunicator } from "./connect.js";
export type { CommunicationLog } from "./log.js";
