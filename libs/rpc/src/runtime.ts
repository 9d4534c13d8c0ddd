import { type DynamicModule, Logger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { StatusError } from '@authority/errors';
import type { Carrier } from './carrier.ts';
import { type Client, clientOf } from './client.ts';
import { definitionOf } from './controller.ts';
import type { Definition, Method } from './definition.ts';
import { DirectCarrier, type DirectHub, DirectServer } from './direct.ts';
import { GrpcCarrier } from './grpc-carrier.ts';
import { GrpcServer } from './grpc-server.ts';
import { type HandlerTable, PassErrors } from './handler-table.ts';
import { healthService } from './health.ts';
import { clientCredentials, serverCredentials, type TlsFiles } from './tls.ts';
import type { ServiceName } from './topology.ts';

/** A Nest module with its controllers and providers given by value: `{ module, controllers, providers }`. */
export interface NestModule extends DynamicModule {
  controllers: Type<object>[];
}

export interface Served {
  /** The port listened on; 0 in one process. */
  port: number;
  close(): Promise<void>;
}

export interface ServeOptions {
  module: NestModule;
  /** Whether the service can do its work now, for grpc.health.v1. */
  ready: () => boolean;
}

/** How a service is served and finds its peers: over gRPC, or in one process. */
export interface Runtime {
  readonly self: ServiceName;
  serve(options: ServeOptions): Promise<Served>;
  connect<D extends object>(peer: ServiceName, definition: D): Client<D>;
  /** Passes an encoded call on as it is; for the admin service. `definition` says what the path belongs to. */
  forward(peer: ServiceName, method: Method, request: Buffer, options: { timeoutMs: number; operator: string }): Promise<Buffer>;
  /** Closes the connections to peers. */
  close(): void;
}

export interface GrpcRuntimeOptions {
  self: ServiceName;
  /** `host:port` that peers call; absent for services that no one calls. */
  listen?: string;
  tls: TlsFiles;
  /** `host:port` of each peer, or several addresses separated by commas. */
  addresses: Partial<Record<ServiceName, string>>;
}

/** A service as a process of its own: gRPC with mutual TLS. */
export function grpcRuntime(options: GrpcRuntimeOptions): Runtime {
  const { self, tls, listen } = options;
  const carriers = new Carriers((peer) => {
    const address = options.addresses[peer];
    if (!address) throw new Error(`no address for ${peer}: set AUTHORITY_${peer.toUpperCase()}_ADDRESS`);
    return new GrpcCarrier(peer, address, clientCredentials(tls));
  });
  return runtimeOf(self, carriers, async ({ module, ready }) => {
    if (!listen) throw new Error(`${self} has nothing to listen on: set AUTHORITY_RPC_LISTEN`);
    const definitions = module.controllers.map(definitionOf).filter((definition) => definition !== undefined);
    const plain = [healthService(definitions, ready)];
    const server = new GrpcServer({ self, listen, credentials: serverCredentials(tls), definitions, plain });
    const close = await start(module, server);
    return { port: server.port, close };
  });
}

/** A service in one process with its peers; `encode` sends every message through the wire format as well. */
export function directRuntime(options: { self: ServiceName; hub: DirectHub; encode: boolean }): Runtime {
  const { self, hub, encode } = options;
  const carriers = new Carriers((peer) => new DirectCarrier(hub, self, peer, encode));
  return runtimeOf(self, carriers, async ({ module }) => {
    const close = await start(module, new DirectServer(hub, self));
    return { port: 0, close };
  });
}

/** One carrier a peer, made when first needed. */
class Carriers {
  readonly #byPeer = new Map<ServiceName, Carrier>();

  constructor(private readonly make: (peer: ServiceName) => Carrier) {}

  of(peer: ServiceName): Carrier {
    const known = this.#byPeer.get(peer);
    if (known) return known;
    const carrier = this.make(peer);
    this.#byPeer.set(peer, carrier);
    return carrier;
  }

  close(): void {
    for (const carrier of this.#byPeer.values()) carrier.close();
  }
}

function runtimeOf(self: ServiceName, carriers: Carriers, serve: Runtime['serve']): Runtime {
  return {
    self,
    serve,
    connect: (peer, definition) => clientOf(definition as typeof definition & Definition, carriers.of(peer)), // generated
    forward: (peer, method, request, { timeoutMs, operator }) =>
      carriers.of(peer).raw(method, request, { deadline: Date.now() + timeoutMs, operator }),
    close: () => carriers.close(),
  };
}

async function start(module: NestModule, strategy: HandlerTable): Promise<() => Promise<void>> {
  Logger.overrideLogger(false);
  const app = await NestFactory.createMicroservice(module, { strategy, logger: false, abortOnError: false });
  app.useGlobalFilters(new PassErrors());
  await new Promise<void>((resolve, reject) => {
    const listening = app.listen();
    listening.then(() => resolve(), reject);
  }).catch((cause: unknown) => {
    throw new StatusError('UNAVAILABLE', 'internal', { message: `cannot listen: ${String(cause)}`, cause });
  });
  return () => app.close();
}
