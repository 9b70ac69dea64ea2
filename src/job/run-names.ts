import { kebab, type OptionTable } from "../config/option.js";
import type { MethodDescription } from "../methods/description.js";
import { methods } from "../methods/registry.js";
import { OVERLAP } from "../run/options/of-run.js";
import { ofEveryRun } from "../run/options/config.js";
import { trainOptions } from "../run/options/table.js";
import type { RunRecord } from "../run/folder/record.js";

/** What is known of a run before it is named. */
export interface RecordedRun {
  /** The name its user gave it; undefined: the method's. */
  readonly label: string | undefined;
  readonly record: Pick<RunRecord, "apts" | "backend" | "parameters" | "options"> &
    Partial<Pick<RunRecord, "samples">>;
}

/** The seed, and what changes neither results nor times. All else makes another experiment. */
const NO_DIFFERENCE: ReadonlySet<string> = new Set([
  "seed",
  "out",
  "dataDir",
  "timeout",
  "checkpointEvery",
  "checkpointMinutes",
  "keepCheckpoints",
] satisfies (keyof typeof trainOptions)[]);

interface Fact {
  /** As it stands in a name; empty: not said. */
  readonly text: string;
  /** It follows from another fact. */
  readonly implied?: boolean;
}
type Facts = ReadonlyMap<string, Fact>;

/**
 * Names for runs such that two have the same name only if they differ in nothing but the seed: the label or the method,
 * and what differs among the runs, "apts radius 0.005". Options of methods are compared among runs of one method, all
 * else among all; what a user has labelled, among the runs of the label.
 */
export function namesOf(runs: readonly RecordedRun[]): string[] {
  const facts = runs.map(({ record }) => ({ common: commonFacts(record), own: ownFacts(record) }));
  return runs.map(({ label, record }, index) => {
    const peers = runs.flatMap((run, i) => (run.label === label ? [{ run, facts: facts[i]! }] : []));
    const kin = peers.filter(({ run }) => run.record.options.methodName === record.options.methodName);
    const said = [
      ...differing(
        facts[index]!.common,
        peers.map((peer) => peer.facts.common),
      ),
      ...differing(
        facts[index]!.own,
        kin.map((peer) => peer.facts.own),
      ),
    ].filter(([name]) => label !== undefined || name !== "method");
    return [label ?? record.options.methodName, ...said.map(([, text]) => text)].join(" ");
  });
}

/** The facts of one run that not all of `peers` share, but those which follow from other facts in all of them. */
function differing(facts: Facts, peers: readonly Facts[]): [string, string][] {
  return [...facts].flatMap(([name, { text }]) => {
    const others = peers.map((peer) => peer.get(name));
    const told = text !== "" && others.some((other) => other?.text !== text);
    return told && !others.every((other) => other?.implied) ? [[name, text]] : [];
  });
}

function commonFacts({ apts, backend, parameters, options, samples }: RecordedRun["record"]): Facts {
  const { method, methodModule, ranks, subdomains, batches, batchSize } = options;
  const computation = backend.fingerprint.replace(/; \d+ threads/, "");
  const byName = options.data !== "memory" && options.dataDir === undefined;
  const usual = describing(method);
  const cut = (
    name: "batches" | "batchSize",
    value: number | undefined,
    usually: number | undefined,
  ): [string, Fact] => [
    name,
    { text: textOf(name === "batches" ? "batches" : "batch size", value), implied: value === usually },
  ];
  const usualOverlap = batchSize === undefined ? OVERLAP : 0;
  const { overlap = usualOverlap, stages = 1 } = options as Partial<typeof options>; // older records lack it
  return new Map([
    ...textsOf(ofEveryRun(options), trainOptions),
    ["stages", { text: `stages ${stages}`, implied: stages === 1 }],
    ["subdomains", { text: `subdomains ${subdomains}`, implied: subdomains === ranks }],
    cut("batches", batches, usual?.batchSize === undefined ? usual?.batches : undefined),
    cut("batchSize", batchSize, usual?.batchSize),
    ["overlap", { text: `overlap ${overlap}`, implied: overlap === usualOverlap }],
    // Of data that come by name, the options say which samples.
    ["samples", { implied: byName, text: samples ? `samples ${samples.train.sha256.slice(0, 7)}` : "" }],
    [
      "measured",
      { implied: byName, text: samples?.test ? `measured on ${samples.test.sha256.slice(0, 7)}` : "" },
    ],
    ["parameters", { text: `${parameters} parameters` }],
    ["threads", { text: `threads ${backend.threads}` }],
    ["computation", { text: `on ${computation}` }],
    ["module", { text: methodModule === undefined ? "" : `module ${methodModule.slice(0, 7)}` }],
    ["version", { text: `version ${apts}` }],
  ]);
}

function ownFacts({ options: { method, methodOptions } }: RecordedRun["record"]): Facts {
  return new Map(textsOf(methodOptions, describing(method)?.options ?? {}));
}

/** Undefined for a user's own method, and for one of another version. */
function describing(name: string): MethodDescription | undefined {
  return methods.find((method) => method.name === name);
}

/** An option that a record lacks, since the version that wrote it did not know it, had what is its default now. */
function textsOf(values: Readonly<Record<string, unknown>>, table: OptionTable): [string, Fact][] {
  const names = new Set([...Object.keys(table), ...Object.keys(values)]);
  return [...names]
    .filter((name) => !NO_DIFFERENCE.has(name))
    .map((name) => [name, { text: textOf(kebab(name), values[name] ?? table[name]?.fallback) }]);
}

function textOf(name: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean") return value ? name : `no-${name}`;
  return `${name} ${typeof value === "string" ? value : JSON.stringify(value).replaceAll(/[[\]"]/g, "")}`;
}
