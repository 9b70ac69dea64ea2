import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../errors.js";

/** Ranks whose launcher was killed are gone after 5 s; until then they may write. In milliseconds. */
const PATIENCE = 10_000;
const PAUSE = 50;

/**
 * Makes this process the only one of its host that writes the run folder `out`, until the function returned is called.
 * The lock is a name in the kernel (an abstract Unix socket), so that nothing stays behind of a process that is killed. Where the
 * kernel has no such names (not Linux) there is no lock.
 * @throws UsageError where another process keeps it
 */
export async function lockFolder(out: string): Promise<() => void> {
  const path = await realpath(out).catch(() => resolve(out));
  const name = `\0apts-${createHash("sha256").update(path).digest("hex")}`;
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    try {
      const server = createServer().listen(name);
      await once(server, "listening");
      server.unref();
      return () => server.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return () => undefined;
    }
    if (performance.now() > deadline) {
      throw new UsageError(
        `Expected ${out} to be free, but another run is at work there. Wait for it, or end it.`,
      );
    }
    await sleep(PAUSE);
  }
}
