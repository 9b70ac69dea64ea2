/**
 * Memory for payloads on their way, used again once they have been read: fresh memory would cost page faults and
 * garbage collections in each call.
 */
export class SendBuffers {
  /** Free buffers of 2^i bytes. */
  readonly #free: Buffer[][] = [];

  /** A buffer of `bytes` bytes, cut from one of the next power of two. */
  take(bytes: number): Buffer {
    const power = powerOf(bytes);
    const whole = this.#free[power]?.pop() ?? Buffer.allocUnsafeSlow(2 ** power);
    return whole.subarray(0, bytes);
  }

  /** Takes back what `take` gave. */
  give(buffer: Buffer): void {
    const power = powerOf(buffer.byteLength);
    (this.#free[power] ??= []).push(Buffer.from(buffer.buffer, 0, 2 ** power));
  }
}

function powerOf(bytes: number): number {
  return 32 - Math.clz32(bytes - 1);
}
