/** How long the stage held here computes in passes there and back, of how long these take: the rest it waits for other stages. */
export class PassClock {
  #inPass = false;
  #computing = 0;
  #passes = 0;

  /** Milliseconds. */
  get times(): { readonly computing: number; readonly passes: number } {
    return { computing: this.#computing, passes: this.#passes };
  }

  async pass<T>(run: () => Promise<T>): Promise<T> {
    const began = performance.now();
    this.#inPass = true;
    const made = await run();
    this.#inPass = false;
    this.#passes += performance.now() - began;
    return made;
  }

  async computing<T>(compute: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const made = await compute();
    if (this.#inPass) this.#computing += performance.now() - began;
    return made;
  }
}
