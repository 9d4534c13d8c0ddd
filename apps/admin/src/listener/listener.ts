import { ConfigFault } from '@authority/config';
import { type Definition, healthService } from '@authority/rpc';
import { StatusError } from '@authority/errors';
import { observeRpcServer, span, withRemoteParent } from '@authority/telemetry';
import {
  Server,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerCredentials,
  type ServerUnaryCall,
  type StatusObject,
  status,
  type UntypedServiceImplementation,
  type handleUnaryCall,
} from '@grpc/grpc-js';
import type { Credentials } from '../authenticate.ts';
import { answer, type DoorCall, type DoorPorts } from '../door.ts';
import { adminDefinitions, adminMethods } from '../methods.ts';
import { statusOf } from './refusal.ts';
import { reflectionServices } from './reflection.ts';

export interface ListenerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Mutual TLS; absent on loopback only, which the configuration has checked. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly clientCa: Buffer } | undefined;
  readonly ports: DoorPorts;
  readonly version: string;
  readonly ready: () => boolean;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const defaultDeadlineMs = 10_000;
const longestDeadlineMs = 30_000;
/** No message of an operator comes near this. */
const largestMessage = 1 << 20;

/** The public gRPC listener: the operator API as bytes, health and reflection. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const server = new Server({
    interceptors: [versionHeader(options.version)],
    'grpc.max_receive_message_length': largestMessage,
    'grpc.max_concurrent_streams': 100,
    'grpc.max_connection_age_ms': 30_000,
    'grpc.max_connection_age_grace_ms': 30_000,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 5_000,
  });
  for (const definition of adminDefinitions) server.addService(asBytes(definition), implementation(definition, options));
  const health = healthService(adminDefinitions, options.ready);
  for (const { definition, implementation } of [health, ...reflectionServices([...adminDefinitions, health.definition])]) {
    server.addService(definition, implementation);
  }
  const port = await bind(server, options);
  return { port, close: () => shutdown(server) };
}

function bind(server: Server, { listen, tls }: ListenerOptions): Promise<number> {
  // A caller without a certificate of the operators' authority gets no connection.
  const credentials = tls
    ? ServerCredentials.createSsl(tls.clientCa, [{ cert_chain: tls.cert, private_key: tls.key }], true)
    : ServerCredentials.createInsecure();
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${listen.port}`, credentials, (error, port) => {
      if (!error) return resolve(port);
      server.forceShutdown();
      const why = error.message.replaceAll('\n', ' ');
      reject(new ConfigFault([`AUTHORITY_ADMIN_LISTEN: cannot listen on ${host}:${listen.port} (${why}); choose another address`]));
    });
  });
}

function shutdown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, 3_000);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

const same = (bytes: Buffer): Buffer => bytes;

/** The definition with messages left as they are on the wire: what an owner understands, this service need not. */
function asBytes(definition: Definition): Definition {
  const erased = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
  // Buffers in, buffers out, whatever the generated types say.
  return Object.fromEntries(Object.entries(definition).map(([name, method]) => [name, { ...method, ...erased }])) as unknown as Definition;
}

function implementation(definition: Definition, options: ListenerOptions): UntypedServiceImplementation {
  const paths = new Map(adminMethods.map((method) => [method.path as string, method]));
  return Object.fromEntries(
    Object.entries(definition).flatMap(([name, { path }]) => {
      const method = paths.get(path);
      return method ? [[name, unary(method, options)]] : [];
    }),
  );
}

function unary(method: DoorCall['method'], options: ListenerOptions): handleUnaryCall<Buffer, Buffer> {
  const [service = '', name = ''] = method.path.slice(1).split('/');
  return async (raw, callback) => {
    const started = performance.now();
    const outcome = await outcomeOf(raw, method, options);
    const code = Buffer.isBuffer(outcome) ? 'OK' : (status[outcome.code] ?? 'UNKNOWN');
    observeRpcServer({ service, method: name, code, peer: 'operator' }, (performance.now() - started) / 1000);
    if (Buffer.isBuffer(outcome)) callback(null, outcome);
    else callback(outcome);
  };
}

function outcomeOf(
  raw: ServerUnaryCall<Buffer, Buffer>,
  method: DoorCall['method'],
  { ports }: ListenerOptions,
): Promise<Buffer | StatusObject> {
  const traceparent = raw.metadata.get('traceparent')[0]?.toString();
  return withRemoteParent(traceparent, () =>
    span(
      method.path,
      { 'rpc.system': 'grpc' },
      async () => {
        try {
          return await answer(doorCall(raw, method), ports);
        } catch (error) {
          return statusOf(error, method.path);
        }
      },
      { kind: 'server' },
    ),
  );
}

function doorCall(raw: ServerUnaryCall<Buffer, Buffer>, method: DoorCall['method']): DoorCall {
  const now = Date.now();
  const asked = Number(raw.getDeadline());
  if (asked <= now) throw new StatusError('DEADLINE_EXCEEDED', 'deadline_exceeded', { message: 'deadline: it has passed' });
  const deadline = Number.isFinite(asked) ? Math.min(asked, now + longestDeadlineMs) : now + defaultDeadlineMs;
  return { method, request: raw.request, credentials: credentialsOf(raw), deadline, address: raw.getPeer() };
}

function credentialsOf(raw: ServerUnaryCall<Buffer, Buffer>): Credentials {
  const authorization = raw.metadata.get('authorization').map(String);
  const certificate = raw.getAuthContext().sslPeerCertificate;
  if (!certificate?.raw) return { authorization };
  const commonName: string | readonly string[] | undefined = certificate.subject?.CN;
  return {
    authorization,
    certificate: { commonName: typeof commonName === 'string' ? commonName : '', subjectAltName: certificate.subjectaltname ?? '' },
  };
}

/** Every answer, that of health included, says which release gave it. */
function versionHeader(version: string): ServerInterceptor {
  return (_, call) =>
    new ServerInterceptingCall(call, {
      sendMetadata: (metadata, next) => {
        metadata.set('authority-version', version);
        next(metadata);
      },
    });
}
