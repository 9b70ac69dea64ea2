import { AptsError } from "../../errors.js";
import { launchApts } from "../../job/launch-apts.js";
import type { Probe } from "./probe.js";
import type { StagedProbe } from "./stages/probe.js";

/** Of ranks that hold the network whole, or in stages. */
export type AnyProbe = Probe | StagedProbe;

export interface ProbePlace {
  readonly hostfile?: string | undefined;
  readonly mapBy: "slot" | "node";
  readonly bind: boolean;
  readonly sharedMemory: boolean;
  readonly insecure: boolean;
}

/** What a rank's line on standard output begins with that holds a probe. */
const MARK = "apts-probe ";

/** For whoever probes on the ranks. */
export function probeLine(probe: AnyProbe): string {
  return MARK + JSON.stringify(probe);
}

/**
 * Runs this very command as so many ranks, which probe in its place.
 * @throws AptsError where they did not come to an end
 */
export async function probeOn(ranks: number, place: ProbePlace): Promise<AnyProbe> {
  let probe: AnyProbe | undefined;
  const { failure } = await launchApts(process.argv.slice(2), {
    ...place,
    ranks,
    timeoutSeconds: 300,
    forwardSignals: true,
    onOutput: (_, __, stream, line) => {
      if (stream === "stdout" && line.startsWith(MARK))
        probe = JSON.parse(line.slice(MARK.length)) as AnyProbe;
      else if (stream === "stderr") process.stderr.write(`${line}\n`);
    },
  });
  if (probe) return probe;
  throw new AptsError(
    `Expected ${ranks} ranks to probe this machine, but ${failure?.description ?? "they told nothing"}.`,
  );
}
