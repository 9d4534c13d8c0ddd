import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { Runtime } from '@authority/rpc';
import { log } from '@authority/telemetry';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { GatewayConfig } from './config.ts';
import { publish } from './endpoints/published.ts';
import { gatewayModule } from './gateway.module.ts';
import { clientCertificates } from './http/client-certificate.ts';
import { evidenceFrom } from './http/evidence.ts';
import { putHotPathsFirst } from './http/hot-paths.ts';
import { issuerOf } from './http/issuer.ts';
import { trustedProxies } from './http/peer-address.ts';
import { serve } from './http/serve.ts';
import { asksForCertificates, fastifyAdapter } from './http/server.ts';
import { connectPeers, type Peers } from './peers/peers.ts';
import { otherwise, routesOf } from './routes.ts';

export interface Running {
  /** True from the first contact with token on. */
  ready(): boolean;
  /** Accepts nothing new, finishes what runs, closes. */
  stop(): Promise<void>;
  /** The port that is listened on. */
  readonly port: number;
}

/** The edge: no store, no key, no fact. */
export const startGateway = ({ config, runtime }: { config: GatewayConfig; runtime: Runtime }): Promise<Running> =>
  startEdge(config, connectPeers(runtime));

/** The same with peers that are given; tests give fakes. */
export async function startEdge(config: GatewayConfig, peers: Peers): Promise<Running> {
  const published = publish(peers);
  let stopping = false;
  const ready = () => !stopping && published.ready();
  const app = await application(config, peers, published, ready);
  const { host, port } = config.httpListen;
  try {
    await app.listen(port, host);
  } catch (error) {
    published.stop();
    await app.close();
    throw error;
  }
  const address = app.getHttpServer().address() as AddressInfo; // TCP, and it listens
  log.info('gateway.listening', { issuer: config.issuer, host, port: address.port });
  return {
    ready,
    port: address.port,
    async stop() {
      stopping = true;
      published.stop();
      await closeGently(app);
    },
  };
}

/** Longer than any request may take: whoever is not done by then is not going to be. */
const longestDrainMs = 20_000;

/** Nothing new is accepted; connections are closed as soon as their request is answered. */
async function closeGently(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), longestDrainMs);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}

async function application(
  config: GatewayConfig,
  peers: Peers,
  published: ReturnType<typeof publish>,
  ready: () => boolean,
): Promise<NestFastifyApplication> {
  const issuer = issuerOf(config.issuer);
  const adapter = fastifyAdapter(config);
  const trusted = trustedProxies(config.trustedProxies);
  const certificates = { asked: asksForCertificates(config), authorities: config.tlsClientCa, header: config.clientCertificateHeader };
  const evidenceOf = evidenceFrom({ issuer, mtlsOrigin: config.mtlsOrigin }, trusted, clientCertificates({ ...certificates, trusted }));
  const routes = routesOf({ issuer, peers, published, evidenceOf });
  const instance = adapter.getInstance();
  serve(instance, issuer.path, routes);
  serve(instance, issuer.path, otherwise(routes, issuer));

  Logger.overrideLogger(false);
  const app = await NestFactory.create<NestFastifyApplication>(gatewayModule(ready), adapter, {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  await app.init();
  putHotPathsFirst(app.getHttpServer(), issuer.path, routes);
  return app;
}
