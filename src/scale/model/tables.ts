import { formatMagnitude } from "../../report/format.js";
import type { Network } from "./links.js";
import { endOfScaling, type Prediction } from "./predict.js";

/** A row for each number of ranks, the fewest first, for people. */
export function predictionTable(predictions: readonly Prediction[]): string[][] {
  const [first] = predictions;
  return [
    ["ranks", "ms a step", "speed-up", "efficiency", "moving", "bound"],
    ...predictions.map(({ ranks, seconds, moving, bound }) => {
      const speedUp = (first!.ranks * first!.seconds) / seconds;
      return [
        String(ranks),
        formatMagnitude(1000 * seconds),
        speedUp.toFixed(2),
        percent(speedUp / ranks),
        percent(moving / seconds),
        bound,
      ];
    }),
  ];
}

/** What ends the scaling, in one sentence. */
export function endSentence({ name }: Network, predictions: readonly Prediction[]): string {
  const { ranks, bound } = endOfScaling(predictions);
  return `On ${name} a step becomes no shorter beyond ${ranks} ranks. The bound is: ${bound}.`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
