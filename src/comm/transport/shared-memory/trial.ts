import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { loadPeerMemory } from "./peer-memory.js";
import { Sharing } from "./sharing.js";

/**
 * Why ranks of this host cannot read each other's memory; undefined where they can. Tries it, as ranks do: a child
 * process reads a token of this one.
 */
export async function whyMemoryIsNotShared(): Promise<string | undefined> {
  try {
    const sharing = new Sharing(await loadPeerMemory(), () => process.pid);
    const program = fileURLToPath(new URL("./reader-process.js", import.meta.url));
    const words = [program, String(process.pid), sharing.offerTo(1)!.toString("hex")];
    const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 20_000 });
    return stdout.trim() || undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}
