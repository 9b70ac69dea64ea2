import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { APTS, runApts, SMALL } from "../apts.js";
import { AT_ONCE } from "../launcher/launcher.js";
import { metrics, modelOf } from "../run-folder.js";
import type { Bed, Outcome } from "./bed.js";

/** A small run of three subdomains: so many ranks can share it, and any number computes the same bits. */
export const RUN = [
  ...SMALL,
  "--method",
  "apts",
  "--subdomains",
  "3",
  "--threads",
  "1",
  "--checkpoint-every",
  "1",
];

/** Epochs of a run that still goes on when what ends it comes, however late: it is resumed for a few more alone. */
export const LONG = 1000;
/** Epochs of one that goes on by itself after what disturbs it: about four seconds. */
export const DISTURBED = 200;

/** How many epochs a run has made. */
export const epochsIn = (out: string): number => metrics(out).length;

export const train = (...args: readonly string[]): string[] => [process.execPath, APTS, "train", ...args];

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "apts-cluster-"));
}

const undisturbed = new Map<number, Promise<string>>();

/** The model of the same run on one rank of this machine, with nothing in its way. */
function expectedModel(epochs: number): Promise<string> {
  const known = undisturbed.get(epochs);
  if (known) return known;
  const made = (async () => {
    const out = join(newFolder(), "run");
    const { code, stderr } = await runApts([
      "train",
      ...RUN,
      "--ranks",
      "1",
      "--epochs",
      String(epochs),
      "--out",
      out,
    ]);
    expect(stderr).toMatch(`epoch`);
    expect(code).toBe(0);
    return modelOf(out);
  })();
  undisturbed.set(epochs, made);
  return made;
}

/** Expects the model that so many epochs lead to, whoever computed them and whatever came between. */
export async function expectModel(out: string, epochs: number): Promise<void> {
  expect(modelOf(out)).toBe(await expectedModel(epochs));
}

/** What made a command fail goes into the message. */
export function expectSuccess({ code, stderr }: Outcome): void {
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
}

/** Waits until no program of Node runs on `hosts`: neither ranks nor agents. */
export async function expectIdle(bed: Bed, hosts: readonly string[], withinSeconds = AT_ONCE): Promise<void> {
  const running = async (): Promise<string> =>
    (await Promise.all(hosts.map((host) => bed.run(host, ["pgrep", "-a", "node"]))))
      .map(({ stdout }) => stdout)
      .join("");
  const deadline = Date.now() + withinSeconds * 1000;
  while ((await running()) !== "" && Date.now() < deadline) await sleep(50);
  expect(await running()).toBe("");
}
