import { HELP } from "../src/config/help-groups.js";
import {
  choice,
  flag,
  inGroup,
  integer,
  text,
  type OptionTable,
  type ValuesOf,
} from "../src/config/option.js";
import { readHostfile } from "./hostfile.js";
import type { LaunchSpec } from "./launch.js";

/** Where ranks run and what becomes of their output: options of every command that starts ranks. */
export const launchOptions = inGroup(HELP.ranks, {
  hostfile: text({
    fallback: undefined,
    placeholder: "FILE",
    help: 'hosts to run on, lines of "name slots=4 gpus=4" (default: this machine)',
  }),
  ranksPerHost: integer({ min: 1, max: 4096, fallback: undefined, help: "ranks on each host" }),
  mapBy: choice(["slot", "node"], {
    fallback: "slot",
    help: "fill a host before the next, or take hosts in turn",
  }),
  bind: flag({ fallback: true, help: "bind ranks that share a host to cores of their own" }),
  outputDir: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "keep the ranks' output in rank-R.out and rank-R.err there",
  }),
  dryRun: flag({ fallback: false, help: "print rank, host, GPU and cores, and run nothing" }),
} satisfies OptionTable);

/** What the options mean for a launch. */
export async function launchSpecOf({
  hostfile,
  ranksPerHost,
  mapBy,
  bind,
  outputDir,
}: Omit<ValuesOf<typeof launchOptions>, "dryRun">) {
  const hosts = hostfile === undefined ? undefined : await readHostfile(hostfile);
  return { hosts, ranksPerHost, mapBy, bind, outputDir } satisfies Partial<LaunchSpec>;
}
