import papa from "papaparse";
import { markdownTable } from "../report/comparison.js";
import { formatBytes, formatMagnitude } from "../report/format.js";
import type { Prediction } from "./model/predict.js";
import type { Mode } from "./options.js";
import { PARTS, type Point } from "./points.js";

const HEAD = [
  "ranks",
  "ms a step",
  "quartiles",
  "speed-up",
  "efficiency",
  ...PARTS,
  "sent a step",
  "messages",
];

/** What the model says of each number of ranks; empty where it was not asked. */
export type Predictions = ReadonlyMap<number, Prediction>;

/** By how much what is predicted is off, as a share of what was measured. */
export function errorOf({ ranks, seconds }: Point, predictions: Predictions): number | undefined {
  const predicted = predictions.get(ranks);
  return predicted && predicted.seconds / seconds - 1;
}

/** Predicted milliseconds a step, and by how much they are off. */
export function predictedTableOf(points: readonly Point[], predictions: Predictions): string[][] {
  return [
    ["ranks", "ms a step", "predicted", "error", "of it moving", "bound"],
    ...points.flatMap((point) => {
      const predicted = predictions.get(point.ranks);
      if (!predicted) return [];
      return [
        [
          String(point.ranks),
          milliseconds(point.seconds),
          milliseconds(predicted.seconds),
          percent(errorOf(point, predictions)!),
          percent(predicted.moving / predicted.seconds),
          predicted.bound,
        ],
      ];
    }),
  ];
}

/** A row for each number of ranks, for people: times in milliseconds, and each part's share of a step. */
export function tableOf(points: readonly Point[]): string[][] {
  return [
    HEAD,
    ...points.map(({ ranks, seconds, low, high, speedUp, efficiency, parts, calls }) => {
      const whole = PARTS.reduce((sum, part) => sum + parts[part], 0);
      const total = (of: "bytes" | "messages"): number =>
        Object.values(calls).reduce((sum, sent) => sum + sent[of], 0);
      return [
        String(ranks),
        milliseconds(seconds),
        `${milliseconds(low)}–${milliseconds(high)}`,
        speedUp.toFixed(2),
        percent(efficiency),
        ...PARTS.map((part) => percent(parts[part] / whole)),
        formatBytes(Math.round(total("bytes"))),
        rounded(total("messages")),
      ];
    }),
  ];
}

/** Of each kind of call, what all ranks together sent in it a step. */
export function callsTableOf(points: readonly Point[]): string[][] {
  const names = callsIn(points);
  return [
    ["ranks", ...names],
    ...points.map(({ ranks, calls }) => [
      String(ranks),
      ...names.map((name) => {
        const { bytes, messages } = calls[name] ?? { bytes: 0, messages: 0 };
        return `${formatBytes(Math.round(bytes))} in ${rounded(messages)}`;
      }),
    ]),
  ];
}

/** The text of `scale.md`, beside its picture. */
export function scaleMarkdown(
  points: readonly Point[],
  title: string,
  notes: readonly string[],
  predictions: Predictions = new Map(),
): string {
  const calls = callsTableOf(points);
  const predicted =
    predictions.size > 0
      ? ["Predicted by the cost model:", markdownTable(predictedTableOf(points, predictions))]
      : [];
  const sent =
    calls[0]!.length > 1 ? ["Sent a step by all ranks together, in messages:", markdownTable(calls)] : [];
  return [
    `# ${title}`,
    "![speed-up, efficiency, and the parts of a step](scale.svg)",
    markdownTable(tableOf(points)),
    ...sent,
    ...predicted,
    ...notes,
  ]
    .join("\n\n")
    .concat("\n");
}

/** A row for each number of ranks; seconds, bytes and messages are those of a step. */
export function scaleCsv(mode: Mode, points: readonly Point[], predictions: Predictions = new Map()): string {
  const names = callsIn(points);
  const fields = [
    ...["mode", "ranks", "repeats", "seconds", "lowerQuartile", "upperQuartile", "speedUp", "efficiency"],
    ...PARTS,
    ...["predicted", "error"],
    ...names.flatMap((name) => [`${name}Bytes`, `${name}Messages`]),
  ];
  const data = points.map((point) => {
    const { ranks, repeats, seconds, low, high, speedUp, efficiency, parts, calls } = point;
    return [
      ...[mode, ranks, repeats, seconds, low, high, speedUp, efficiency],
      ...PARTS.map((part) => parts[part]),
      ...[predictions.get(ranks)?.seconds ?? "", errorOf(point, predictions) ?? ""],
      ...names.flatMap((name) => [calls[name]?.bytes ?? 0, calls[name]?.messages ?? 0]),
    ];
  });
  return `${papa.unparse({ fields, data }, { newline: "\n" })}\n`;
}

function callsIn(points: readonly Point[]): string[] {
  return [...new Set(points.flatMap(({ calls }) => Object.keys(calls)))].sort();
}

function milliseconds(seconds: number): string {
  return formatMagnitude(1000 * seconds);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function rounded(count: number): string {
  return String(Number(count.toPrecision(3)));
}
