import { Session } from "node:inspector/promises";
import { writeWhole } from "./folder/files.js";

/**
 * What V8's sampling profiler sees of this process, in a file for Chrome's developer tools, VS Code, speedscope and the
 * like.
 */
export class CpuProfile {
  #session: Session | undefined;

  constructor(private readonly file: string) {}

  async start(): Promise<void> {
    const session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    this.#session = session;
  }

  /** Writes the file where the profile was started. */
  async finish(): Promise<void> {
    if (!this.#session) return;
    const { profile } = await this.#session.post("Profiler.stop");
    this.#session.disconnect();
    this.#session = undefined;
    await writeWhole(this.file, JSON.stringify(profile));
  }
}
