import type { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { BatchRequest, BatchResponse, BatchResult, Fault } from '@authority/contracts/rpc';
import { StatusError } from '@authority/errors';
import { log, span, withRemoteParent } from '@authority/telemetry';
import * as grpc from '@grpc/grpc-js';
import type { Batch, BatchItemCall, Lane } from './batch.ts';
import { LazyCall } from './call.ts';
import { batchedRpc, type Definition, type Method, serviceFullName } from './definition.ts';
import { faultKey, faultOf, statusNumber } from './fault.ts';
import { HandlerTable } from './handler-table.ts';
import { observeServed } from './observe.ts';
import { mayCall, type ServiceName, serviceOfCertificate } from './topology.ts';

export interface GrpcServerOptions {
  self: ServiceName;
  /** `host:port`. */
  listen: string;
  credentials: grpc.ServerCredentials;
  definitions: readonly Definition[];
  /** Services that are not Nest controllers: health. */
  plain: readonly { definition: Definition; implementation: grpc.UntypedServiceImplementation }[];
}

type AnyCall = grpc.ServerUnaryCall<unknown, unknown> | grpc.ServerWritableStream<unknown, unknown>;
const DEFAULT_DEADLINE_MS = 30_000;
/** gRPC tells of every call's end in this way: one error for all, without a stack. */
const cancelled = new StatusError('CANCELLED', 'cancelled');

/** Serves Nest controllers over gRPC with mutual TLS, straight from the generated definitions. */
export class GrpcServer extends HandlerTable {
  readonly #options: GrpcServerOptions;
  readonly #server: grpc.Server;
  readonly #peers = new WeakMap<object, ServiceName | undefined>();
  #port = 0;

  constructor(options: GrpcServerOptions) {
    super();
    this.#options = options;
    this.#server = new grpc.Server({
      // Clients find new replicas when their connections end (house.md; issue 2, chart).
      'grpc.max_connection_age_ms': 30_000,
      'grpc.max_connection_age_grace_ms': 30_000,
      'grpc.max_receive_message_length': 4 << 20,
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3_000,
    });
  }

  /** The port that is listened on; known after `listen`. */
  get port(): number {
    return this.#port;
  }

  override listen(callback: (error?: unknown) => void): void {
    for (const definition of this.#options.definitions) this.#add(definition);
    for (const { definition, implementation } of this.#options.plain) {
      this.#server.addService(definition, implementation);
    }
    this.#server.bindAsync(this.#options.listen, this.#options.credentials, (error, port) => {
      this.#port = port;
      callback(error ?? undefined);
    });
  }

  override async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, 3_000);
      this.#server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
  }

  #add(definition: Definition): void {
    const implementation: grpc.UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(definition)) {
      if (method.requestStream) continue;
      const item = batchedRpc(definition, name);
      implementation[name] = item ? this.#batch(method, item.method) : this.#unary(method);
    }
    this.#server.addService(definition, implementation);
    log.debug('rpc.serving', { service: serviceFullName(definition) });
  }

  /** The certificate of a connection never changes, and reading it costs as much as a signature: once a connection. */
  #peerOf(raw: AnyCall): ServiceName | undefined {
    const { call } = raw as unknown as { call?: { stream?: { session?: object } } }; // grpc-js keeps it to itself
    const session = call?.stream?.session;
    if (session && this.#peers.has(session)) return this.#peers.get(session);
    const peer = serviceOfCertificate(raw.getAuthContext()?.sslPeerCertificate?.subjectaltname ?? '');
    if (session) this.#peers.set(session, peer);
    return peer;
  }

  /** Judges the caller by the name in its certificate (house.md, "Who may call whom"). */
  #call(raw: AnyCall, path: string): LazyCall {
    const peer = this.#peerOf(raw);
    if (!peer || !mayCall(peer, this.#options.self, path)) {
      throw new StatusError('PERMISSION_DENIED', 'peer_not_allowed', { message: `${peer ?? 'a stranger'} may not call ${path}` });
    }
    const operator = peer === 'admin' ? raw.metadata.get('authority-operator')[0]?.toString() : undefined;
    const call = new LazyCall(peer, deadlineOf(raw), operator);
    const events: EventEmitter = raw;
    events.on('cancelled', () => call.abort(cancelled));
    return call;
  }

  #unary(method: Method): grpc.handleUnaryCall<unknown, unknown> {
    return async (raw, callback) => {
      const started = performance.now();
      let peer = '';
      try {
        const call = this.#call(raw, method.path);
        peer = call.peer;
        const handler = this.handlerOf(method.path);
        if (!handler) throw new StatusError('UNIMPLEMENTED', 'internal');
        const value = await withRemoteParent(raw.metadata.get('traceparent')[0]?.toString(), () =>
          span(method.path, { 'rpc.system': 'grpc' }, () => handler(raw.request, call)),
        );
        observeServed(method.path, peer, { value }, (performance.now() - started) / 1000);
        callback(null, value);
      } catch (error) {
        observeServed(method.path, peer, { error }, (performance.now() - started) / 1000);
        callback(statusOf(error, method.path));
      }
    };
  }

  #batch(method: Method, item: Method): grpc.UntypedHandleCall {
    return method.responseStream ? this.#streamedBatch(method, item) : this.#unaryBatch(method, item);
  }

  #unaryBatch(method: Method, item: Method): grpc.handleUnaryCall<unknown, unknown> {
    return async (raw, callback) => {
      try {
        const results: BatchResult[] = [];
        await this.#serve(raw, method, item, 'cpu', (result) => results.push(result));
        callback(null, BatchResponse.create({ version: 1, results }));
      } catch (error) {
        callback(statusOf(error, method.path));
      }
    };
  }

  /** Results leave per turn of the event loop, as they are ready. */
  #streamedBatch(method: Method, item: Method): grpc.handleServerStreamingCall<unknown, unknown> {
    return async (raw) => {
      let ready: BatchResult[] = [];
      const flush = (): void => {
        if (ready.length === 0) return;
        raw.write(BatchResponse.create({ version: 1, results: ready }));
        ready = [];
      };
      try {
        await this.#serve(raw, method, item, 'store', (result) => {
          if (ready.push(result) === 1) setImmediate(flush);
        });
        flush();
        raw.end();
      } catch (error) {
        await turn();
        raw.emit('error', statusOf(error, method.path));
      }
    };
  }

  async #serve(raw: AnyCall, method: Method, item: Method, lane: Lane, done: (result: BatchResult) => void): Promise<void> {
    const call = this.#call(raw, method.path);
    const handler = this.handlerOf(method.path);
    if (!handler) throw new StatusError('UNIMPLEMENTED', 'internal');
    const arrived = Date.now();
    const { items } = raw.request as BatchRequest; // batch siblings carry this envelope by their definition
    const batch: Batch = {
      lane,
      items: items.map((one, index) => itemCall(item, one, index, arrived, done)),
    };
    await handler(batch, call);
  }
}

function itemCall(
  method: Method,
  { request, timeout_ms, traceparent }: BatchRequest['items'][number],
  index: number,
  arrived: number,
  done: (result: BatchResult) => void,
): BatchItemCall {
  let settled = false;
  return {
    decode: () => method.requestDeserialize(request),
    deadline: arrived + (timeout_ms || DEFAULT_DEADLINE_MS),
    traceparent,
    settle(outcome) {
      if (settled) return;
      settled = true;
      done(resultOf(method, index, outcome));
    },
  };
}

function resultOf(method: Method, index: number, outcome: { value: unknown } | { error: unknown }): BatchResult {
  if ('error' in outcome) return { index, outcome: { $case: 'fault', value: faultOf(outcome.error, method.path) } };
  try {
    return { index, outcome: { $case: 'response', value: method.responseSerialize(outcome.value) } };
  } catch (error) {
    return { index, outcome: { $case: 'fault', value: faultOf(error, method.path) } };
  }
}

function deadlineOf(raw: AnyCall): number {
  const deadline = raw.getDeadline();
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(at) ? at : Date.now() + DEFAULT_DEADLINE_MS;
}

/** An error as gRPC carries it on a unary call: status, and the fault in the trailing metadata. */
export function statusOf(error: unknown, path: string): grpc.StatusObject & Error {
  const fault = faultOf(error, path);
  const metadata = new grpc.Metadata();
  metadata.set(faultKey, Buffer.from(Fault.encode(fault).finish()));
  const code = fault.code || statusNumber('INTERNAL');
  return Object.assign(new Error(fault.description), { code, details: fault.description || fault.reason, metadata });
}
