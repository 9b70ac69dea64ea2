import type { EpochMetrics } from "../../../src/report/metrics.js";

/** The measures of epochs under the names that trackers give them. */
export function expectedOf(lines: readonly EpochMetrics[]): Map<string, Map<number, number>> {
  const names: Readonly<Record<string, (line: EpochMetrics) => number | null>> = {
    loss: (line) => line.loss,
    val_loss: (line) => line.testLoss,
    val_accuracy: (line) => line.testAccuracy,
    radius: (line) => line.radius,
    accepted: (line) => line.accepted,
    steps: (line) => line.steps,
    loss_evals: (line) => line.lossEvaluations,
    grad_evals: (line) => line.gradientEvaluations,
    bytes_sent: (line) => line.bytesSent,
    running_time: (line) => line.seconds,
  };
  const expected = new Map<string, Map<number, number>>();
  for (const [name, of] of Object.entries(names)) {
    const values = lines.flatMap((line): [number, number][] => {
      const value = of(line);
      return value === null ? [] : [[line.epoch, value]];
    });
    if (values.length > 0) expected.set(name, new Map(values));
  }
  return expected;
}

/** The same in float32, which is what TensorBoard keeps. */
export function inFloat32(tags: Map<string, Map<number, number>>): Map<string, Map<number, number>> {
  return new Map(
    [...tags].map(([tag, values]) => [tag, new Map([...values].map(([x, y]) => [x, Math.fround(y)]))]),
  );
}
