import { delimiter, dirname } from "node:path";
import { openLink, type Deliver, type HostLink } from "../link.js";
import { Silence } from "../waiting.js";
import { takeInventory } from "./inventory.js";
import { MemoryKills } from "./memory-kills.js";
import {
  SILENCE_SECONDS,
  type FromAgent,
  type HostTree,
  type RankStart,
  type ToAgent,
  type Transport,
} from "./protocol.js";
import { RankProcess } from "./rank-process.js";
import { probeWrappers, type Wrap } from "./wrappers.js";

/** How long ranks have between SIGTERM and SIGKILL when the launcher is gone, in seconds. */
const ORPHAN_GRACE = 5;

/**
 * Owns the ranks of one host for the launcher, and passes messages between it and the hosts below this one in the
 * tree of starts.
 */
export class Agent {
  readonly #ranks = new Set<RankProcess>();
  readonly #memoryKills = new MemoryKills();
  readonly #variables = { ...process.env };
  #host = "";
  #wrap: Wrap = () => [];
  #below: readonly HostLink[] = [];
  #silence: Silence | undefined;

  /** `onSilence` is called when the launcher has said nothing for as long as it promised to. */
  constructor(
    private readonly send: (message: FromAgent) => Promise<void>,
    private readonly onSilence: () => void,
  ) {}

  async handle(message: ToAgent): Promise<void> {
    this.#silence?.refresh();
    for (const link of this.#below) link.send(message);
    switch (message.type) {
      case "begin":
        return this.#begin(message.tree, message.transport);
      case "start":
        for (const start of message.ranks.filter(({ host }) => host === this.#host)) this.#start(start);
        return;
      case "word":
        for (const rank of this.#ranks) if (rank.rank === message.rank) rank.hand(message.word);
        return;
      case "signal":
        for (const rank of this.#ranks) rank.signal(message.signal);
        return;
      case "stop":
        for (const rank of this.#ranks) {
          if (message.silent.includes(rank.rank)) rank.killSilent();
          else void rank.stop(message.graceSeconds);
        }
        return;
      case "alive":
        return;
      default:
        message satisfies never;
    }
  }

  /** Ends what still runs, here and below. */
  async close(): Promise<void> {
    this.#silence?.close();
    await Promise.all([
      ...this.#below.map((link) => link.close()),
      ...[...this.#ranks].map((rank) => rank.stop(ORPHAN_GRACE)),
    ]);
  }

  async #begin(tree: HostTree, transport: Transport): Promise<void> {
    this.#host = tree.host;
    if (transport === "ssh") {
      this.#silence = new Silence(SILENCE_SECONDS * 1000, this.onSilence);
      // The login's PATH may lack this Node, or find another first.
      this.#variables["PATH"] = [dirname(process.execPath), this.#variables["PATH"]].join(delimiter);
    }
    const inventory = takeInventory(this.#variables, transport);
    const { reachedFrom } = inventory;
    this.#wrap = await probeWrappers(inventory.cpus, this.#variables);
    await this.send({ type: "hello", host: tree.host, inventory });
    // Seen from below, this host is where the launcher is: say where it really is.
    const relay: Deliver = (message) =>
      this.send(
        message.type === "hello" && reachedFrom !== undefined
          ? { ...message, inventory: { ...message.inventory, reachedFrom } }
          : message,
      );
    this.#below = tree.children.map((child) => openLink(child, "ssh", relay));
  }

  #start(start: RankStart): void {
    const rank = new RankProcess(start, this.#variables, this.#wrap, this.#memoryKills, this.send);
    this.#ranks.add(rank);
    void rank.ended.then(() => this.#ranks.delete(rank));
  }
}
