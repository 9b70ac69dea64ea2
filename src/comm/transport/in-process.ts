import type { Receiver, Transport } from "./transport.js";

/** Connects ranks of one process: payloads are handed over by reference, in a microtask of their own. */
export function memoryTransports(size: number): Transport[] {
  const mesh: MemoryTransport[] = [];
  for (let rank = 0; rank < size; rank++) mesh.push(new MemoryTransport(rank, size, mesh));
  return mesh;
}

class MemoryTransport implements Transport {
  #receiver: Receiver | undefined;
  #early: (() => void)[] = [];

  constructor(
    readonly rank: number,
    readonly size: number,
    private readonly mesh: readonly MemoryTransport[],
  ) {}

  onOneHost(): boolean {
    return true;
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    for (const deliver of this.#early) deliver();
    this.#early = [];
  }

  post(to: number, head: Buffer, body?: Uint8Array): void {
    const target = this.mesh[to]!;
    const ownHead = head.byteLength <= 128 ? Buffer.from(head) : head;
    const ownBody = body && Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    queueMicrotask(() => {
      target.#deliver(ownHead, ownBody);
    });
  }

  #deliver(head: Buffer, body: Buffer | undefined): void {
    if (this.#receiver) this.#receiver.frame(head, body);
    else this.#early.push(() => this.#receiver?.frame(head, body));
  }

  close(): Promise<void> {
    this.#receiver = { frame: () => undefined, lost: () => undefined };
    return Promise.resolve();
  }
}
