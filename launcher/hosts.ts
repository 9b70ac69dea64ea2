import { lookup } from "node:dns/promises";
import { hostname, networkInterfaces } from "node:os";
import { AptsError } from "../src/errors.js";
import type { FromAgent, HostTree, ToAgent } from "./agent/protocol.js";
import { deferred } from "./waiting.js";
import type { Host, HostSpec, Inventory } from "./host.js";
import { openLink, type Deliver, type HostLink } from "./link.js";

/** A host whose agent could not be started. */
export class HostUnreachableError extends AptsError {}

/** How long all agents together may take to say hello, in milliseconds. */
const HELLO_TIME = 60_000;
/** How many agents one launcher or agent starts over ssh itself; those start the others. */
const FAN_OUT = 32;

type Lost = Extract<FromAgent, { type: "lost" }>;

/** The hosts of a job, an agent running on each. */
export class Hosts {
  readonly #specs: readonly HostSpec[];
  readonly #links: readonly HostLink[];
  readonly #inventories = new Map<string, Inventory>();
  readonly #greeted = deferred<undefined>();
  readonly #lost: Lost[] = [];
  #listener: Deliver = () => Promise.resolve();

  private constructor(specs: readonly HostSpec[], local: readonly string[], remote: readonly HostTree[]) {
    this.#specs = specs;
    this.#links = [
      ...local.map((host) => openLink({ host, children: [] }, "local", this.#receive)),
      ...remote.map((tree) => openLink(tree, "ssh", this.#receive)),
    ];
  }

  /** Starts an agent on every host; resolves when each has said what its host has. */
  static async connect(specs: readonly HostSpec[], fanOut = FAN_OUT): Promise<Hosts> {
    const names = specs.map(({ name }) => name);
    const here = await Promise.all(names.map(isThisHost));
    const remote = names.filter((_, index) => !here[index]);
    const hosts = new Hosts(
      specs,
      names.filter((_, index) => here[index]),
      startTrees(remote, fanOut),
    );
    const deadline = setTimeout(() => {
      hosts.#giveUp();
    }, HELLO_TIME);
    try {
      await hosts.#greeted.promise;
      return hosts;
    } catch (error) {
      await hosts.close();
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** In the order given. */
  get all(): readonly Host[] {
    return this.#specs.map((spec) => withInventory(spec, this.#inventories.get(spec.name)!));
  }

  /** Sends what agents say to `listener` from now on, beginning with the hosts lost so far. */
  listen(listener: Deliver): void {
    this.#listener = listener;
    for (const message of this.#lost) void listener(message);
  }

  broadcast(message: ToAgent): void {
    for (const link of this.#links) link.send(message);
  }

  /** Ends all agents, and with them whatever they still run. */
  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }

  readonly #receive: Deliver = async (message) => {
    if (message.type === "hello") {
      this.#inventories.set(message.host, message.inventory);
      if (this.#inventories.size === this.#specs.length) this.#greeted.resolve(undefined);
      return;
    }
    if (message.type === "lost") {
      this.#lost.push(message);
      this.#greeted.reject(unreachable(message));
    }
    await this.#listener(message);
  };

  #giveUp(): void {
    const silent = this.#specs.map(({ name }) => name).filter((name) => !this.#inventories.has(name));
    this.#greeted.reject(
      new HostUnreachableError(
        `Expected every host to answer within ${HELLO_TIME / 1000} s, ${silent.join(", ")} did not.`,
      ),
    );
  }
}

function unreachable({ hosts: [host, ...below], message, transport }: Lost): HostUnreachableError {
  const others = below.length > 0 ? ` (nor, through it, ${below.join(", ")})` : "";
  const remedy =
    transport === "ssh"
      ? `\nCheck that "ssh ${host!} true" works without a password, and that Node and apts are at the same paths there as here.`
      : "";
  return new HostUnreachableError(
    `Expected to start ranks on ${host!}${others}, could not: ${message}${remedy}`,
  );
}

function withInventory({ gpus, ...spec }: HostSpec, inventory: Inventory): Host {
  const chosen = Array.from({ length: gpus ?? 0 }, (_, index) => inventory.gpus[index] ?? String(index));
  return { ...spec, inventory: gpus === undefined ? inventory : { ...inventory, gpus: chosen } };
}

/** Deals hosts to at most `fanOut` trees, level by level: each host starts at most `fanOut` others. */
export function startTrees(names: readonly string[], fanOut: number): HostTree[] {
  const share = Math.ceil(names.length / fanOut);
  const parts = Array.from({ length: Math.min(fanOut, names.length) }, (_, index) =>
    names.slice(index * share, (index + 1) * share),
  );
  return parts.flatMap(([host, ...below]) =>
    host === undefined ? [] : [{ host, children: startTrees(below, fanOut) }],
  );
}

async function isThisHost(name: string): Promise<boolean> {
  if (name === hostname() || name === hostname().split(".")[0]) return true;
  const own = Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []);
  // What only ssh's configuration knows is not this host.
  const { address } = await lookup(name).catch(() => ({ address: "" }));
  return own.includes(address);
}
