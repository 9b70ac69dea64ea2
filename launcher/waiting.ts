/** A promise with its resolving functions at hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: Error): void;
}

export function deferred<T>(): Deferred<T> {
  let settle!: Pick<Deferred<T>, "resolve" | "reject">;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined); // whoever awaits it sees the reason; nobody need
  return { promise, ...settle };
}

/**
 * Waits for `promise` to settle, at most `milliseconds`; leaves no timer behind. A process that was held up itself first
 * hears what has come meanwhile.
 */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => setImmediate(resolve, false), milliseconds);
  });
  return Promise.race([settled, expired]).finally(() => {
    clearTimeout(timer);
  });
}

/**
 * Acts when `refresh` has not been called for so many milliseconds. A process that was held up itself, by a reader of its
 * output or with its whole host, first hears what has come meanwhile.
 */
export class Silence {
  readonly #timer: NodeJS.Timeout;
  #heard = false;

  constructor(milliseconds: number, act: () => void) {
    this.#timer = setTimeout(() => {
      this.#heard = false;
      setImmediate(() => {
        if (!this.#heard) act();
      });
    }, milliseconds);
  }

  refresh(): void {
    this.#heard = true;
    this.#timer.refresh();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#heard = true;
  }
}
