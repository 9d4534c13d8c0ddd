import { BatchRequest, type BatchResponse, Fault } from '@authority/contracts/rpc';
import { StatusError } from '@authority/errors';
import { inject } from '@authority/telemetry';
import * as grpc from '@grpc/grpc-js';
import type { Lane } from './batch.ts';
import type { Carrier, CarryOptions } from './carrier.ts';
import type { QueuedCall } from './coalesce.ts';
import type { Method } from './definition.ts';
import { errorOf, faultKey, transportError } from './fault.ts';
import { certificateName, type ServiceName } from './topology.ts';

type Settle = (call: QueuedCall, outcome: { value: unknown } | { error: unknown }) => void;

const asItIs = (bytes: Buffer): Buffer => bytes;
/** A batch may take this much longer than its most patient item. */
const BATCH_SLACK_MS = 250;

/** Calls of one peer over gRPC with mutual TLS; the peer must carry its name in its certificate. */
export class GrpcCarrier implements Carrier {
  readonly encodes = true;
  readonly #client: grpc.Client;

  constructor(peer: ServiceName, address: string, credentials: grpc.ChannelCredentials) {
    this.#client = new grpc.Client(target(address), credentials, {
      'grpc.ssl_target_name_override': certificateName(peer),
      'grpc.default_authority': certificateName(peer),
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.dns_min_time_between_resolutions_ms': 1_000,
      'grpc.keepalive_time_ms': 5_000,
      'grpc.keepalive_timeout_ms': 2_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.max_receive_message_length': 32 << 20,
    });
  }

  unary(method: Method, request: unknown, options: CarryOptions): Promise<unknown> {
    return this.#unary(method.path, method.requestSerialize, method.responseDeserialize, request, options);
  }

  raw(method: Method, request: Buffer, options: CarryOptions): Promise<Buffer> {
    return this.#unary(method.path, asItIs, asItIs, request, options);
  }

  async batch(batch: Method, item: Method, lane: Lane, calls: readonly QueuedCall[], settle: Settle): Promise<void> {
    const now = Date.now();
    const request = BatchRequest.create({
      version: 1,
      items: calls.map((call) => ({
        request: call.encoded ?? item.requestSerialize(call.request),
        timeout_ms: Math.max(1, call.deadline - now),
        traceparent: call.traceparent,
      })),
    });
    const deadline = Math.max(...calls.map((call) => call.deadline)) + BATCH_SLACK_MS;
    const results = (response: BatchResponse): void => settleResults(item, calls, response, settle);
    if (lane === 'cpu')
      results((await this.unary(batch, request, { deadline })) as BatchResponse); // by its definition
    else await this.#stream(batch, request, deadline, results);
  }

  close(): void {
    this.#client.close();
  }

  #unary<Request, Response>(
    path: string,
    serialize: (value: Request) => Buffer,
    deserialize: (value: Buffer) => Response,
    request: Request,
    options: CarryOptions,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const metadata = metadataOf(options);
      this.#client.makeUnaryRequest(path, serialize, deserialize, request, metadata, { deadline: options.deadline }, (error, value) => {
        if (error) reject(receivedError(error));
        else if (value === undefined) reject(new StatusError('INTERNAL', 'internal'));
        else resolve(value);
      });
    });
  }

  #stream(batch: Method, request: unknown, deadline: number, results: (response: BatchResponse) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = batch;
      const stream = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadataOf({ deadline }), {
        deadline,
      });
      stream.on('data', results);
      stream.on('end', resolve);
      stream.on('error', (error: grpc.ServiceError) => reject(receivedError(error)));
    });
  }
}

function settleResults(item: Method, calls: readonly QueuedCall[], response: BatchResponse, settle: Settle): void {
  for (const { index, outcome } of response.results) {
    const call = calls[index];
    if (!call || !outcome) continue;
    if (outcome.$case === 'fault') {
      settle(call, { error: errorOf(outcome.value) });
      continue;
    }
    try {
      settle(call, { value: item.responseDeserialize(outcome.value) });
    } catch (cause) {
      settle(call, { error: new StatusError('INTERNAL', 'internal', { cause }) });
    }
  }
}

function metadataOf(options: CarryOptions): grpc.Metadata {
  const metadata = new grpc.Metadata();
  const traceparent = inject();
  if (traceparent) metadata.set('traceparent', traceparent);
  if (options.operator) metadata.set('authority-operator', options.operator);
  return metadata;
}

function receivedError(error: grpc.ServiceError): Error {
  const bytes = error.metadata?.get(faultKey)[0];
  if (Buffer.isBuffer(bytes)) return errorOf(Fault.decode(bytes));
  return transportError(error.code, error.details, error);
}

/** `host:port`, or several separated by commas (addresses only). A host is looked up again, so that replicas are found. */
function target(address: string): string {
  if (address.includes(',')) return `ipv4:${address}`;
  return `dns:///${address}`;
}
