import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import * as admin from '@authority/contracts/admin';
import { health } from '@authority/contracts/standard';
import { Metadata, Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import { run } from './run.ts';

/** A call that came in, decoded. */
export interface Received {
  readonly rpc: string;
  readonly request: Record<string, unknown>;
  readonly authorization: string;
}

type Answer = (request: Record<string, unknown>) => unknown;

/** A refusal of the fake: code, text and trailing metadata. */
export class Refusal extends Error {
  constructor(
    readonly code: status,
    readonly details: string,
    readonly metadata = new Metadata(),
  ) {
    super(details);
  }
}

const definitions: readonly ServiceDefinition[] = Object.entries(admin).flatMap(([name, value]) =>
  name.endsWith('ServiceService') ? [value as unknown as ServiceDefinition] : [],
);

/** An operator API over real gRPC and an issuer over real HTTP, in this process, for the tests of authorityctl. */
export class FakeServer {
  readonly received: Received[] = [];
  readonly tokenRequests: { authorization: string; body: string }[] = [];
  readonly answers = new Map<string, Answer>();
  tokenAnswer: { status: number; body: unknown } = { status: 200, body: { access_token: 'at.1', token_type: 'Bearer', expires_in: 300 } };
  private readonly grpc = new Server();
  private http: HttpServer | undefined;
  address = '';
  issuer = '';

  async start(): Promise<void> {
    for (const definition of definitions) this.serve(definition);
    this.grpc.addService(health.HealthService, {
      check: (call: { sendMetadata(metadata: Metadata): void }, done: (error: null, value: unknown) => void) => {
        const metadata = new Metadata();
        metadata.set('authority-version', '1.2.3');
        call.sendMetadata(metadata);
        done(null, { status: health.HealthCheckResponse_ServingStatus.SERVING });
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      this.grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    this.address = `127.0.0.1:${port}`;
    await this.startIssuer();
  }

  async stop(): Promise<void> {
    this.grpc.forceShutdown();
    this.http?.closeAllConnections();
    await new Promise((resolve) => this.http?.close(resolve));
  }

  get operator(): string {
    return JSON.stringify({ issuer: this.issuer, admin_address: this.address, client_id: 'c_operator', client_secret: 's3cr3t:ü' });
  }

  private serve(definition: ServiceDefinition): void {
    const handlers = Object.entries(definition).map(([name, method]) => {
      const rpc = method.path.slice('/authority.admin.v1.'.length);
      return [
        name,
        (
          call: { request: Record<string, unknown>; metadata: Metadata },
          done: (error: Partial<Refusal> | null, value?: unknown) => void,
        ) => {
          this.received.push({ rpc, request: call.request, authorization: call.metadata.get('authorization').join() });
          try {
            const answer = this.answers.get(rpc);
            if (!answer) throw new Refusal(status.NOT_FOUND, 'there is none');
            done(null, answer(call.request));
          } catch (error) {
            done(
              error instanceof Refusal
                ? { code: error.code, details: error.details, metadata: error.metadata }
                : { code: status.INTERNAL, details: String(error) },
            );
          }
        },
      ] as const;
    });
    this.grpc.addService(definition, Object.fromEntries(handlers));
  }

  private async startIssuer(): Promise<void> {
    this.http = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        if (request.url !== '/oauth2/token') return response.end(JSON.stringify({ issuer: this.issuer }));
        this.tokenRequests.push({ authorization: request.headers.authorization ?? '', body });
        response.writeHead(this.tokenAnswer.status, { 'content-type': 'application/json' });
        return response.end(JSON.stringify(this.tokenAnswer.body));
      });
    });
    await new Promise<void>((resolve) => this.http?.listen(0, '127.0.0.1', resolve));
    // It listens on TCP.
    this.issuer = `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  readonly terminal?: boolean;
  /** Standard error is one. */
  readonly errorTerminal?: boolean;
  /** Aborts as Ctrl-C does. */
  readonly interrupt?: AbortSignal;
}

/** Runs a command line in this process. */
export async function runLine(
  argv: readonly string[],
  { cwd, env = {}, stdin = '', terminal = false, errorTerminal = false, interrupt }: RunOptions,
): Promise<Ran> {
  let [out, err] = ['', ''];
  const input = new PassThrough();
  input.end(stdin);
  const code = await run({
    argv,
    env,
    cwd,
    stdin: input,
    stdout: {
      isTTY: terminal,
      write: (text) => {
        out += text;
      },
    },
    stderr: {
      isTTY: errorTerminal,
      write: (text) => {
        err += text;
      },
    },
    fetch,
    onInterrupt: (listener) => {
      interrupt?.addEventListener('abort', listener);
      return () => interrupt?.removeEventListener('abort', listener);
    },
  });
  return { code, out, err };
}
