import { join } from 'node:path';
import { adminConfigOf, startAdmin } from '@authority/app-admin';
import { startGateway } from '@authority/app-gateway';
import { startIdentity } from '@authority/app-identity';
import { startSession } from '@authority/app-session';
import { startToken, tokenConfigOf } from '@authority/app-token';
import { DirectHub, directRuntime, type Runtime, type ServiceName } from '@authority/rpc';
import { metricsServer } from '@authority/telemetry';
import type { StandaloneConfig } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import { systemSecretsOf } from './secrets.ts';
import { within } from './split.ts';
import type { Stores } from './stores.ts';
import type { Suite } from './suite.ts';

const READY_MS = 60_000;

interface Running {
  ready(): boolean;
  stop(): Promise<void>;
}

/** All five services in one process: the same modules, each peer answered by a direct call. */
export async function startOneProcess(config: StandaloneConfig, folder: DataFolder, stores: Stores): Promise<Suite> {
  const hub = new DirectHub();
  const encode = config.directTransport === 'encoded';
  const runtimeOf = (self: ServiceName): Runtime => directRuntime({ self, hub, encode });
  const { issuer, redisUrl } = config;
  const redis = redisUrl === undefined ? {} : { redisUrl };
  const running: Running[] = [];
  const stop = async (): Promise<void> => {
    // The edge first, so that what is under way can still be answered.
    for (const service of running.reverse()) await service.stop();
  };
  try {
    const mail = { mailDir: join(folder.path, 'mail'), ...(config.mailUrl === undefined ? {} : { mailServer: config.mailUrl }) };
    const identity = {
      ...{ issuer, databaseUrl: stores.urlOf('identity'), ...redis },
      secrets: systemSecretsOf(folder, 'identity', config.secrets),
      ...mail,
      outboundAllow: config.outboundAllow,
      ...(config.egressProxy === undefined ? {} : { egressProxy: config.egressProxy }),
    };
    running.push(await startIdentity({ config: identity, runtime: runtimeOf('identity') }));
    const session = { issuer, databaseUrl: stores.urlOf('session'), ...redis };
    running.push(await startSession({ config: session, runtime: runtimeOf('session') }));
    const token = tokenConfigOf(config, {
      databaseUrl: stores.urlOf('token'),
      secrets: systemSecretsOf(folder, 'token', config.secrets),
      ...redis,
    });
    running.push(await startToken({ config: token, runtime: runtimeOf('token') }));
    running.push(await startAdmin({ config: adminConfigOf(config, stores.urlOf('admin')), runtime: runtimeOf('admin') }));
    running.push(await startGateway({ config: config.gateway, runtime: runtimeOf('gateway') }));
    const ready = (): boolean => running.every((service) => service.ready());
    const metrics = await metricsServer({ listen: config.metricsListen, ready });
    running.push({ ready: () => true, stop: () => metrics.close() });
    if (!(await within(READY_MS, ready))) throw new Error(`not every service became ready within ${READY_MS / 1000} s; the log says why`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
