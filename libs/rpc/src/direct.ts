import { OAuthError, StatusError } from '@authority/errors';
import type { Batch, BatchItemCall, Lane } from './batch.ts';
import { LazyCall } from './call.ts';
import type { Carrier, CarryOptions } from './carrier.ts';
import type { QueuedCall } from './coalesce.ts';
import type { Method } from './definition.ts';
import { errorOf, faultOf } from './fault.ts';
import { HandlerTable } from './handler-table.ts';
import { observeServed } from './observe.ts';
import { mayCall, type ServiceName } from './topology.ts';

/** Where the services of one process find each other. */
export class DirectHub {
  readonly #services = new Map<ServiceName, DirectServer>();

  add(name: ServiceName, server: DirectServer): void {
    this.#services.set(name, server);
  }

  remove(name: ServiceName): void {
    this.#services.delete(name);
  }

  find(name: ServiceName): DirectServer {
    const server = this.#services.get(name);
    if (!server) throw new StatusError('UNAVAILABLE', 'peer_unavailable', { retryAfterMs: 1000 });
    return server;
  }
}

/** Serves Nest controllers to peers in the same process. */
export class DirectServer extends HandlerTable {
  constructor(
    private readonly hub: DirectHub,
    readonly self: ServiceName,
  ) {
    super();
  }

  override listen(callback: (error?: unknown) => void): void {
    this.hub.add(this.self, this);
    callback();
  }

  override async close(): Promise<void> {
    this.hub.remove(this.self);
  }
}

/**
 * Calls of one peer in the same process. With `encode` every message also takes the way over the wire format, so that
 * nothing works only in one process (issue 2: tests do so).
 */
export class DirectCarrier implements Carrier {
  readonly encodes: boolean;

  constructor(
    private readonly hub: DirectHub,
    private readonly self: ServiceName,
    private readonly peer: ServiceName,
    encode: boolean,
  ) {
    this.encodes = encode;
  }

  async unary(method: Method, request: unknown, options: CarryOptions): Promise<unknown> {
    const { handler, call } = this.#handler(method, options);
    const sent = this.encodes ? method.requestDeserialize(method.requestSerialize(request)) : request;
    const started = performance.now();
    try {
      const value = await inTime(handler(sent, call), call);
      observeServed(method.path, this.self, { value }, (performance.now() - started) / 1000);
      return this.encodes ? method.responseDeserialize(method.responseSerialize(value)) : value;
    } catch (error) {
      observeServed(method.path, this.self, { error }, (performance.now() - started) / 1000);
      throw errorOver(error, method.path);
    }
  }

  async raw(method: Method, request: Buffer, options: CarryOptions): Promise<Buffer> {
    return method.responseSerialize(await this.unary(method, method.requestDeserialize(request), options));
  }

  async batch(
    batch: Method,
    item: Method,
    lane: Lane,
    calls: readonly QueuedCall[],
    settle: (call: QueuedCall, outcome: { value: unknown } | { error: unknown }) => void,
  ): Promise<void> {
    const deadline = Math.max(...calls.map((call) => call.deadline));
    const { handler, call } = this.#handler(batch, { deadline });
    const items = calls.map((queued) => this.#item(item, queued, settle));
    await handler({ lane, items } satisfies Batch, call);
  }

  close(): void {}

  #item(
    method: Method,
    queued: QueuedCall,
    settle: (call: QueuedCall, outcome: { value: unknown } | { error: unknown }) => void,
  ): BatchItemCall {
    return {
      decode: () => (queued.encoded ? method.requestDeserialize(queued.encoded) : queued.request),
      deadline: queued.deadline,
      traceparent: queued.traceparent,
      settle: (outcome) => {
        if ('error' in outcome) return settle(queued, { error: errorOver(outcome.error, method.path) });
        if (!this.encodes) return settle(queued, outcome);
        settle(queued, { value: method.responseDeserialize(method.responseSerialize(outcome.value)) });
      },
    };
  }

  #handler(method: Method, options: CarryOptions): { handler: (request: unknown, call: LazyCall) => Promise<unknown>; call: LazyCall } {
    if (!mayCall(this.self, this.peer, method.path)) {
      throw new StatusError('PERMISSION_DENIED', 'peer_not_allowed', { message: `${this.self} may not call ${method.path}` });
    }
    const handler = this.hub.find(this.peer).handlerOf(method.path);
    if (!handler) throw new StatusError('UNIMPLEMENTED', 'internal');
    const operator = this.self === 'admin' ? options.operator : undefined;
    return { handler, call: new LazyCall(this.self, options.deadline, operator) };
  }
}

/** What crosses a process boundary crosses this one: expected errors as they are, faults without their text. */
function errorOver(error: unknown, path: string): Error {
  const fault = faultOf(error, path);
  return error instanceof OAuthError || error instanceof StatusError ? error : errorOf(fault);
}

async function inTime(answer: Promise<unknown>, call: LazyCall): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        const error = new StatusError('DEADLINE_EXCEEDED', 'deadline_exceeded');
        call.abort(error);
        reject(error);
      },
      Math.max(0, call.deadline - Date.now()),
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
