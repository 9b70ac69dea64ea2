import { availableParallelism } from "node:os";
import { init } from "../comm/index.js";
import { encodeEvent, EVENTS_VARIABLE } from "../events.js";
import { reportOf } from "../errors.js";
import type { RunEvent } from "../run/events.js";
import { train } from "../run/train.js";
import { showError, STOPPED_BY } from "./exit.js";
import type { RunSpec } from "./run-spec.js";

/**
 * This process as one rank of a training run: joins the others, trains, and returns the exit code. Under a launcher
 * it reports by events; without one (a SLURM task) rank 0 shows the run itself.
 */
export async function runRank(
  { config, out, dataFiles }: RunSpec,
  localSize: number,
  show: (event: RunEvent) => void,
): Promise<number> {
  const launched = process.env[EVENTS_VARIABLE] === "1";
  const stop = new AbortController();
  let code = 0;
  for (const [signal, number] of Object.entries(STOPPED_BY)) {
    process.on(signal, () => {
      code = number;
      stop.abort();
    });
  }
  try {
    const comm = await init();
    await train(config, out, {
      comm,
      dataFiles,
      threads: config.threads ?? Math.max(1, Math.floor(availableParallelism() / localSize)),
      stop: stop.signal,
      observe: launched ? (event) => process.stdout.write(encodeEvent({ type: "run", event })) : show,
    });
    await comm.close();
    return code;
  } catch (error) {
    if (!launched) return showError(error);
    process.stdout.write(encodeEvent({ type: "error", error: reportOf(error) }));
    return reportOf(error).exitCode;
  }
}
