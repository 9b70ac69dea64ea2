import { totalmem } from "node:os";
import { countIn, readControlGroup, type ControlGroup } from "../../src/host/control-group.js";
import { textOf } from "../../src/host/files.js";
import { gibibytes } from "../../src/host/limits.js";

/**
 * Tells whether a rank that was killed was killed for lack of memory: by what the kernel counts for the control group,
 * which ranks share with their agent, or else for the host. Each kill explains one death.
 */
export class MemoryKills {
  readonly #read: () => ControlGroup;
  readonly #hostCounters: string;
  #explained: number;

  constructor(read: () => ControlGroup = readControlGroup, hostCounters = "/proc/vmstat") {
    this.#read = read;
    this.#hostCounters = hostCounters;
    this.#explained = this.#count();
  }

  /** Why a rank was killed that was killed just now, if that is why. */
  explain(): string | undefined {
    if (this.#count() <= this.#explained) return undefined;
    this.#explained++;
    const { memory, memoryKills } = this.#read();
    const certain = memoryKills !== undefined;
    const bound = memory
      ? `Its control group allows ${gibibytes(memory.value)} (${memory.file})`
      : `This host has ${gibibytes(totalmem())}`;
    return (
      `${certain ? "Out of memory" : "Most likely out of memory: the kernel ended a process of this host for that"}. ` +
      `${bound}: allow more, or run fewer ranks there (--ranks-per-host), or let a rank take less (--memory).`
    );
  }

  #count(): number {
    return this.#read().memoryKills ?? countIn(textOf(this.#hostCounters), "oom_kill") ?? 0;
  }
}
