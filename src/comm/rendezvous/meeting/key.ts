import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { AptsError, UsageError } from "../../../errors.js";
import type { Task } from "../../../rank/starters/task.js";
import { mungeSeal, noSeal, secretSeal, type Seal } from "./seal.js";

/** A secret that all ranks inherited, or a file that holds it. */
const SECRET_VARIABLE = "APTS_JOB_KEY";
const FILE_VARIABLE = "APTS_JOB_KEY_FILE";
const SHORTEST = 16;

/** The secret that the user gave to all ranks, if so. */
export function givenSecret(): string | undefined {
  const file = process.env[FILE_VARIABLE];
  const value = process.env[SECRET_VARIABLE];
  if (file && value) {
    throw new UsageError(
      `Expected ${SECRET_VARIABLE} or ${FILE_VARIABLE}, got both. Unset the one that is not meant.`,
    );
  }
  const secret = file ? readSecret(file) : value;
  if (!secret) return undefined;
  if (secret.length < SHORTEST) {
    throw new UsageError(
      `Expected the job's key (${file ? `the file ${file}` : SECRET_VARIABLE}) to have at least ${SHORTEST} characters, ` +
        `got ${secret.length}. Make one with: openssl rand -hex 32`,
    );
  }
  return secret;
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new UsageError(
      `Expected the job's key in the file ${file} (${FILE_VARIABLE}): ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  }
}

/** How rank 0's announcement over a network is kept from others. */
export function networkSeal({ starter, place }: Pick<Task, "starter" | "place">, insecure: boolean): Seal {
  if (insecure) return noSeal;
  const secret = givenSecret() ?? (place.kind === "address" ? place.secret : undefined);
  if (secret !== undefined) return secretSeal(secret);
  if (place.kind === "address" && place.munge === true) return workingMunge();
  throw new UsageError(
    `Expected a key that all ranks share, since ${starter} gives them none. Set a secret before it starts the ranks: export ` +
      `${SECRET_VARIABLE}=$(openssl rand -hex 32), or name a file that holds one, ${FILE_VARIABLE}=FILE; ` +
      "or, on a trusted network, pass --insecure.",
  );
}

function workingMunge(): Seal {
  const { error, status, stderr } = spawnSync("munge", ["--no-input"], { encoding: "utf8" });
  if (status === 0) return mungeSeal();
  throw new AptsError(
    `Expected munge to work on ${hostname()}, by which the tasks of a SLURM step share their key: ` +
      `${error?.message ?? stderr.trim()}\n` +
      `Without munge, set a secret before srun: export ${SECRET_VARIABLE}=$(openssl rand -hex 32); ` +
      "or, on a trusted network, pass --insecure.",
  );
}
