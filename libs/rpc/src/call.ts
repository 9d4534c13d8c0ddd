import type { ServiceName } from './topology.ts';

/** What a handler may know of the call that it answers. */
export interface Call {
  /** The calling service, by the name in its certificate. */
  readonly peer: ServiceName;
  /** Who the operator is, on calls that the admin service forwards; believed from no other peer. */
  readonly operator: string | undefined;
  /** When the caller gives up, Unix milliseconds. */
  readonly deadline: number;
  /** Aborts when the caller gives up or goes away. Made when first asked for. */
  readonly signal: AbortSignal;
}

/** A call whose abort signal costs nothing until somebody asks for it. */
export class LazyCall implements Call {
  #controller: AbortController | undefined;
  #abortedBy: unknown;
  #aborted = false;

  constructor(
    readonly peer: ServiceName,
    readonly deadline: number,
    readonly operator: string | undefined = undefined,
  ) {}

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#abortedBy);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#abortedBy = reason;
    this.#controller?.abort(reason);
  }
}
