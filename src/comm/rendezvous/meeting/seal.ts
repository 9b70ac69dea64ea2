import { spawn } from "node:child_process";
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** Makes a text readable only for, and believable only from, processes of the same user in the same job. */
export interface Seal {
  seal(text: string): Promise<string>;
  /** @throws where `sealed` does not come from such a process */
  open(sealed: string): Promise<string>;
}

/**
 * Munge, which SLURM itself uses: every host of a cluster runs it, and its credentials are encrypted, tell the user who
 * made them and, here, can be read by that user alone, once on each host, for five minutes.
 */
export function mungeSeal(user = process.getuid!()): Seal {
  return {
    seal: (message) => run("munge", ["--restrict-uid", String(user)], message),
    async open(sealed) {
      const decoded = await run("unmunge", ["--numeric", "--keys=UID"], sealed);
      const [, maker, message] = /^UID:\s*(\d+)\n\n(.*)$/s.exec(decoded) ?? [];
      if (Number(maker) !== user)
        throw new Error(`Expected a credential of user ${user}, got one of ${maker ?? "?"}.`);
      return message!;
    },
  };
}

/** AES-256-GCM with a secret that all tasks inherited. */
export function secretSeal(secret: string): Seal {
  const key = createHash("sha256").update("apts slurm rendezvous\0").update(secret).digest();
  return {
    seal(message) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(message, "utf8"), cipher.final()]);
      return Promise.resolve(Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64"));
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, "base64");
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Promise.resolve(decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8"));
    },
  };
}

/** None, for networks that are trusted. */
export const noSeal: Seal = {
  seal: (message) => Promise.resolve(message),
  open: (sealed) => Promise.resolve(sealed),
};

async function run(command: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(command, args);
  child.stdin.on("error", () => undefined); // it has ended, and says why
  child.stdin.end(input);
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  if (code !== 0) throw new Error(errors.trim() || `${command} ended with exit code ${code}`);
  return output;
}
