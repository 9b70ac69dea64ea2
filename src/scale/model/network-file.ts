import { parse } from "yaml";
import { UsageError } from "../../errors.js";
import { readUserFileSync } from "../../paths.js";
import type { Link, Network } from "./links.js";
import { NETWORKS } from "./networks.js";

const LINKS = ["memory", "host", "network"] as const;
const FIGURES = ["latency", "overhead", "perByte"] as const;

/** A network by its name, or of a YAML or JSON file with the same fields. @throws UsageError */
export function networkNamed(given: string): Network {
  if (Object.hasOwn(NETWORKS, given)) return NETWORKS[given as keyof typeof NETWORKS];
  const text = readUserFileSync(
    given,
    `a network: ${Object.keys(NETWORKS).join(", ")}, or a file`,
  ).toString();
  let file: unknown;
  try {
    file = parse(text);
  } catch (error) {
    throw new UsageError(
      `Expected YAML or JSON in ${given}, but: ${(error as Error).message.split("\n")[0]!}`,
    );
  }
  const fields = objectOf(file, given);
  const links = objectOf(fields["links"], `links of ${given}`);
  return {
    name: given,
    ranksPerHost: integerOf(fields["ranksPerHost"], `ranksPerHost of ${given}`),
    memory: flagOf(fields["memory"], `memory of ${given}`),
    sharedUplink: flagOf(fields["sharedUplink"], `sharedUplink of ${given}`),
    links: Object.fromEntries(
      LINKS.map((name) => [name, linkOf(links[name], `links.${name} of ${given}`)]),
    ) as Network["links"],
  };
}

function linkOf(value: unknown, where: string): Link {
  const fields = objectOf(value, where);
  const figure = (name: string): number => {
    const seconds = fields[name];
    if (typeof seconds === "number" && seconds >= 0 && Number.isFinite(seconds)) return seconds;
    throw new UsageError(`Expected seconds as ${name} in ${where}, got ${JSON.stringify(seconds)}.`);
  };
  return Object.fromEntries(FIGURES.map((name) => [name, figure(name)])) as unknown as Link;
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new UsageError(
    `Expected fields with values in ${where}, got ${JSON.stringify(value)}. docs/scaling.md has an example.`,
  );
}

function integerOf(value: unknown, where: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
  throw new UsageError(`Expected a whole number from 1 on as ${where}, got ${JSON.stringify(value)}.`);
}

function flagOf(value: unknown, where: string): boolean {
  if (typeof value === "boolean") return value;
  throw new UsageError(`Expected true or false as ${where}, got ${JSON.stringify(value)}.`);
}
