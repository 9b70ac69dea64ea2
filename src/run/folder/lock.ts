import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../../errors.js";
import { makeFolder, pathError } from "../../paths.js";
import { LOCK_FILE } from "./files.js";

/** Ranks whose launcher was killed are gone after 5 s; until then they may write. In milliseconds. */
const PATIENCE = 10_000;
const PAUSE = 50;
/** How long another process may take to write the secret it has made a file for, in milliseconds. */
const WRITING = 1000;
const SECRET_LENGTH = 64;

/**
 * Makes this process the only one of its host that writes a run folder. The lock is a name in the kernel (an abstract
 * Unix socket), so that nothing is held by a process that was killed. The name is made from the folder itself, however
 * its path is written, and from a secret in it that only its owner can read: nobody else can take it. Where the kernel
 * has no such names (not Linux) there is no lock.
 */
export class FolderLock {
  #server: Server | undefined;

  constructor(
    private readonly out: string,
    private readonly patience = PATIENCE,
  ) {}

  /**
   * Makes the folder where it is not there, and takes the lock.
   * @throws UsageError where another process keeps it, or the folder cannot be made
   */
  async take(): Promise<void> {
    await makeFolder(this.out, "the run folder");
    const name = await this.#name();
    const deadline = performance.now() + this.patience;
    for (;;) {
      try {
        const server = createServer().listen(name);
        await once(server, "listening");
        this.#server = server.unref();
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return;
      }
      if (performance.now() > deadline) {
        throw new UsageError(
          `Expected ${this.out} to be free, but another run is at work there. Wait for it, or end it.`,
        );
      }
      await sleep(PAUSE);
    }
  }

  release(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  async #name(): Promise<string> {
    try {
      const [secret, { dev, ino }] = await Promise.all([secretIn(this.out), stat(this.out)]);
      // A copy of the folder has the same secret.
      return `\0apts-${createHash("sha256").update(`${secret} ${dev} ${ino}`).digest("hex")}`;
    } catch (error) {
      throw pathError(`to lock the run folder ${this.out}`, error);
    }
  }
}

/** The secret of a folder; made by the first process that asks. */
async function secretIn(folder: string): Promise<string> {
  const file = join(folder, LOCK_FILE);
  const fresh = randomBytes(SECRET_LENGTH / 2).toString("hex");
  try {
    await writeFile(file, fresh, { flag: "wx", mode: 0o600 });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const deadline = performance.now() + WRITING;
  for (;;) {
    const secret = await readFile(file, "utf8");
    if (secret.length === SECRET_LENGTH || performance.now() > deadline) return secret;
    await sleep(PAUSE);
  }
}
