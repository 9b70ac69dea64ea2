import { finalTable, progressLine } from "../report/console.js";
import type { RunEvent } from "../run/events.js";

/**
 * Shows a run to the person who started it: a progress line an epoch and a table at the end, on standard error;
 * with `json`, the summary alone on standard output.
 */
export function showRun(json: boolean): (event: RunEvent) => void {
  let epochs = 0;
  return (event) => {
    switch (event.type) {
      case "start":
        epochs = event.epochs;
        console.error(
          `${event.method} on ${event.data}: ${event.trainSamples} + ${event.testSamples} samples, ` +
            `${event.parameters} parameters in ${event.subdomains} subdomains, ${event.ranks} ranks, ${event.backend}`,
        );
        break;
      case "epoch":
        console.error(progressLine(event.metrics, epochs));
        break;
      case "done":
        if (json) console.log(JSON.stringify(event.summary, null, 2));
        else console.log(finalTable(event.summary));
        break;
      default:
        event satisfies never;
    }
  };
}
