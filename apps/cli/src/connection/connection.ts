import { Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { failure } from '../fault.ts';
import type { Surroundings } from '../surroundings.ts';
import { accessToken } from './access-token.ts';
import { findOperatorFile, type OperatorFile } from './operator-file.ts';
import { faultOfRefusal } from './refusal.ts';
import { transportOf } from './transport.ts';

/** The options of every command that tell where the server is. */
export interface ConnectionOptions {
  readonly operatorFile?: string;
  readonly address?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly timeout: number;
}

/** One RPC as ts-proto defines it. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => Response;
}

/** The operator API, as one operator. */
export interface Connection {
  readonly address: string;
  /** Absent for an operator by certificate without an operator file. */
  readonly issuer: string | undefined;
  call<Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response>;
  /** Without credentials, and with what the server says of itself; for health. Errors are gRPC's own. */
  callOpenly<Request, Response>(method: Method<Request, Response>, request: Request): Promise<{ response: Response; header: Metadata }>;
  close(): void;
}

/** A token lives for some minutes; what takes longer asks for another in time. */
const tokenMs = 60_000;

export function connect(options: ConnectionOptions, what: string, surroundings: Surroundings): Connection {
  const operator = operatorOf(options, surroundings);
  const address = options.address ?? operator?.admin_address ?? '127.0.0.1:9090';
  const { credentials, channel } = transportOf({ ...options, address }, surroundings.cwd);
  const client = new Client(address, credentials, channel);
  const timeoutMs = options.timeout;
  let token: Promise<string> | undefined;
  let tokenAt = 0;

  return {
    address,
    issuer: operator?.issuer,
    async call(method, request) {
      const metadata = new Metadata();
      if (operator) {
        if (performance.now() - tokenAt > tokenMs) token = undefined;
        if (!token) tokenAt = performance.now();
        token ??= accessToken(operator, { fetch: surroundings.fetch, timeoutMs });
        metadata.set('authorization', `Bearer ${await token}`);
      }
      return unary(client, method, request, { metadata, timeoutMs }).then(
        ({ response }) => response,
        (error: ServiceError) => {
          throw faultOfRefusal(what, address, error);
        },
      );
    },
    callOpenly: (method, request) => unary(client, method, request, { metadata: new Metadata(), timeoutMs }),
    close: () => client.close(),
  };
}

/** With a client certificate, an operator file is used only when it was named. */
function operatorOf(options: ConnectionOptions, surroundings: Surroundings): OperatorFile | undefined {
  if (options.cert !== undefined && options.operatorFile === undefined) return undefined;
  const found = findOperatorFile(options.operatorFile, surroundings);
  if (found) return found;
  throw failure(
    'operator',
    'no .authority/operator.json here or in a folder above',
    'run it where npm start runs, or give --operator-file, or --cert and --key',
  );
}

interface Sent {
  readonly metadata: Metadata;
  readonly timeoutMs: number;
}

function unary<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: Method<Request, Response>,
  request: Request,
  { metadata, timeoutMs }: Sent,
): Promise<{ response: Response; header: Metadata }> {
  return new Promise((resolve, reject) => {
    let header = new Metadata();
    const options = { deadline: Date.now() + timeoutMs };
    const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, (error, response) => {
      if (error || response === undefined) reject(error ?? new Error('no answer'));
      else resolve({ response, header });
    });
    call.on('metadata', (received) => {
      header = received;
    });
  });
}
