import { UsageError } from "../../errors.js";

/** No cluster has more: a longer range is a mistake. */
const MOST_NODES = 100_000;

/** SLURM's short form of many names: "gpu[01-03,7],login" → gpu01, gpu02, gpu03, gpu7, login. */
export function expandNodelist(list: string): string[] {
  // Commas inside brackets belong to one name.
  const names = list.match(/(?:[^,[\]]|\[[^[\]]*\])+/g) ?? [];
  if (names.join(",") !== list) throw new UsageError(`Expected a SLURM node list, got "${list}".`);
  return names.flatMap(expandName);
}

function expandName(name: string): string[] {
  const match = /^([^[]*)\[([^\]]*)\](.*)$/.exec(name);
  if (match === null) return [name];
  const [, before, ranges, after] = match;
  const rests = expandName(after!);
  return ranges!
    .split(",")
    .flatMap((range) => expandRange(range, name))
    .flatMap((number) => rests.map((rest) => `${before!}${number}${rest}`));
}

/** "08-10" → 08, 09, 10: as wide as the first. */
function expandRange(range: string, name: string): string[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === undefined || count < 1 || count > MOST_NODES) {
    throw new UsageError(
      `Expected numbers or rising ranges of them in the brackets of a SLURM node list, got "${range}" in "${name}".`,
    );
  }
  return Array.from({ length: count }, (_, index) =>
    String(Number(first) + index).padStart(first.length, "0"),
  );
}
