/** Lets many wait for the next occurrence of something; a call of `wake` between reading and waiting is not lost. */
export class Wake {
  #turn = 0;
  #waiting = new Set<() => void>();

  /** Taken before a read, given to `after` when the read found nothing. */
  get turn(): number {
    return this.#turn;
  }

  wake(): void {
    this.#turn += 1;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of woken) resolve();
  }

  /** Resolves at the first `wake` since `turn`, after `ms`, or when the caller goes away. */
  after(turn: number, ms: number, signal?: AbortSignal): Promise<void> {
    if (turn !== this.#turn || ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
      signal?.addEventListener('abort', done);
    });
  }
}
