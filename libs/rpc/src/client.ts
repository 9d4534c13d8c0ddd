import { StatusError } from '@authority/errors';
import { span } from '@authority/telemetry';
import type { Lane } from './batch.ts';
import type { Carrier } from './carrier.ts';
import { batchBounds, Coalescer } from './coalesce.ts';
import { batchName, type CallName, type Definition, type Method, type RequestOf, type ResponseOf, streamName } from './definition.ts';

export interface CallOptions {
  /** How long to wait, in milliseconds; 2,000 when nothing is said. */
  timeoutMs?: number;
  /** For RPCs with batch siblings: `cpu` when memory and CPU are enough for it, `store` (default) when not. */
  lane?: Lane;
  /** May be sent again after a broken call; never for codes, assertions and proofs. */
  idempotent?: boolean;
  /** Who the operator is; only the admin service may say so. */
  operator?: string;
}

/** A peer's RPCs as functions. Errors are OAuthError or StatusError. */
export type Client<D> = {
  [Rpc in CallName<D>]: (request: RequestOf<D[Rpc]>, options?: CallOptions) => Promise<ResponseOf<D[Rpc]>>;
};

const DEFAULT_TIMEOUT_MS = 2_000;

type AnyCall = (request: unknown, options?: CallOptions) => Promise<unknown>;

/** Makes the client of a generated definition over a carrier; RPCs with batch siblings are coalesced. */
export function clientOf<D>(definition: D & Definition, carrier: Carrier): Client<D> {
  const client: Record<string, AnyCall> = {};
  const service: Definition = definition;
  for (const [name, method] of Object.entries(service)) {
    if (method.requestStream || method.responseStream || /(Batch|Stream)$/.test(name)) continue;
    const lanes = lanesOf(service, name, method, carrier);
    client[name] = lanes ? coalesced(method, carrier, lanes) : unary(method, carrier);
  }
  return client as Client<D>; // every CallName of D has been filled in above
}

function unary(method: Method, carrier: Carrier): AnyCall {
  return (request, options) => span(`call ${method.path}`, { 'rpc.system': 'grpc' }, () => carryOne(method, carrier, request, options));
}

async function carryOne(method: Method, carrier: Carrier, request: unknown, options: CallOptions = {}): Promise<unknown> {
  const deadline = Date.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const carry = { deadline, operator: options.operator };
  try {
    return await carrier.unary(method, request, carry);
  } catch (error) {
    const broken = error instanceof StatusError && error.reason === 'peer_unavailable';
    if (!broken || !options.idempotent) throw error;
    return carrier.unary(method, request, carry);
  }
}

interface Lanes {
  cpu: Coalescer;
  store: Coalescer;
}

function lanesOf(service: Definition, name: string, item: Method, carrier: Carrier): Lanes | undefined {
  const stream = service[streamName(name)];
  if (!stream) return undefined;
  const batch = service[batchName(name)] ?? stream;
  const store: Coalescer = new Coalescer((calls) =>
    carrier.batch(stream, item, 'store', calls, (call, outcome) => Coalescer.settle(call, outcome)),
  );
  const cpu =
    batch === stream
      ? store
      : new Coalescer(
          (calls) => carrier.batch(batch, item, 'cpu', calls, (call, outcome) => Coalescer.settle(call, outcome, store)),
          batchBounds.cpuFill,
        );
  return { cpu, store };
}

function coalesced(method: Method, carrier: Carrier, lanes: Lanes): AnyCall {
  return (request, options = {}) => {
    const deadline = Date.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const encoded = carrier.encodes ? method.requestSerialize(request) : undefined;
    if (encoded && encoded.length > batchBounds.itemBytes) return carryOne(method, carrier, request, options);
    return lanes[options.lane ?? 'store'].call(request, encoded, deadline, options.idempotent ?? false);
  };
}
