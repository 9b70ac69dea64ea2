import papa from "papaparse";
import { markdownTable } from "../report/comparison.js";
import { formatBytes, formatMagnitude } from "../report/format.js";
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
export function scaleMarkdown(points: readonly Point[], title: string, notes: readonly string[]): string {
  const calls = callsTableOf(points);
  const sent =
    calls[0]!.length > 1 ? ["Sent a step by all ranks together, in messages:", markdownTable(calls)] : [];
  return [
    `# ${title}`,
    "![speed-up, efficiency, and the parts of a step](scale.svg)",
    markdownTable(tableOf(points)),
    ...sent,
    ...notes,
  ]
    .join("\n\n")
    .concat("\n");
}

/** A row for each number of ranks; seconds, bytes and messages are those of a step. Predictions are not made here. */
export function scaleCsv(mode: Mode, points: readonly Point[]): string {
  const names = callsIn(points);
  const fields = [
    ...["mode", "ranks", "repeats", "seconds", "lowerQuartile", "upperQuartile", "speedUp", "efficiency"],
    ...PARTS,
    ...["predicted", "error"],
    ...names.flatMap((name) => [`${name}Bytes`, `${name}Messages`]),
  ];
  const data = points.map(({ ranks, repeats, seconds, low, high, speedUp, efficiency, parts, calls }) => [
    ...[mode, ranks, repeats, seconds, low, high, speedUp, efficiency],
    ...PARTS.map((part) => parts[part]),
    ...["", ""],
    ...names.flatMap((name) => [calls[name]?.bytes ?? 0, calls[name]?.messages ?? 0]),
  ]);
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
