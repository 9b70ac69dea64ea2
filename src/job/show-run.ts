import { ENDINGS, finalTable, progressLine } from "../report/console.js";
import { formatCount, formatPlural } from "../report/format.js";
import type { Summary } from "../report/summary.js";
import type { RunEvent } from "../run/events.js";
import type { Position } from "../run/ledger.js";
import { coloursFor, hasColour, printable, printableLine } from "../terminal.js";

/**
 * Shows a run to the person who started it: a progress line an epoch and a table at the end, on standard error;
 * with `json`, the summary alone on standard output.
 */
export function showRun(json: boolean): (event: RunEvent) => void {
  let epochs = 0;
  let out = "";
  let pace: { readonly since: number; readonly from: number } | undefined;
  /** As long as the epochs of this start took in the mean, evaluation and checkpoints included. */
  function secondsLeft(epoch: number): number | undefined {
    if (!pace || epoch <= pace.from) return undefined;
    return (((performance.now() - pace.since) / 1000) * (epochs - epoch)) / (epoch - pace.from);
  }
  return (event) => {
    switch (event.type) {
      case "start":
        ({ epochs, out } = event);
        pace = { since: performance.now(), from: 0 };
        console.error(
          `${event.method} on ${printableLine(event.data)}: ${formatCount(event.trainSamples)} + ${formatCount(event.testSamples)} samples, ` +
            `${formatPlural(event.parameters, "parameter")} in ${formatPlural(event.subdomains, "subdomain")}, ` +
            `${formatPlural(event.ranks, "rank")}, ${inStages(event)}${event.losses.join(" + ")}, ${event.backend}`,
        );
        break;
      case "resume":
        pace = { since: performance.now(), from: event.from.epochs };
        console.error(
          event.finished
            ? `The run is finished after ${formatPlural(event.from.epochs, "epoch")}: ${ENDINGS[event.finished]}.${trainsOn[event.finished] ?? ""}`
            : `goes on after ${progress(event.from)}, from ${printableLine(event.file)}`,
        );
        break;
      case "checkpoint":
        break; // one an epoch is no news
      case "warning":
        console.error(`${coloursFor(process.stderr).yellow("apts:")} ${printable(event.message)}`);
        break;
      case "epoch":
        console.error(
          progressLine(event.metrics, epochs, secondsLeft(event.metrics.epoch), hasColour(process.stderr)),
        );
        break;
      case "sample":
        if (!json) console.log(`${coloursFor(process.stdout).dim("It writes:")}\n${printable(event.text)}`);
        break;
      case "done":
        if (json) console.log(JSON.stringify(event.summary, null, 2));
        else console.log(finalTable(event.summary, hasColour(process.stdout)));
        if (event.summary.ended === "stopped")
          console.error(`apts train --resume ${printableLine(out)} goes on from here.`);
        break;
      default:
        event satisfies never;
    }
  };
}

/** "2 stages, mini-batches in 8 parts, " */
function inStages({ stages, microBatches }: Extract<RunEvent, { type: "start" }>): string {
  if (stages === 1) return "";
  return `${formatPlural(stages, "stage")}, mini-batches in ${formatPlural(microBatches, "part")}, `;
}

/** What a run that is finished needs to go on. */
const trainsOn: Partial<Record<Summary["ended"], string>> = {
  epochs: " A larger --epochs trains on.",
  accuracy: " A larger --stop-at-accuracy trains on.",
  seconds: " A larger --max-seconds trains on.",
  gradients: " A larger --max-gradients trains on.",
  converged: " A smaller --tolerance trains on.",
};

/** "epoch 3 and 2 steps more" */
function progress({ epochs, batches }: Position): string {
  return `epoch ${epochs}${batches === 0 ? "" : ` and ${formatPlural(batches, "step")} more`}`;
}
