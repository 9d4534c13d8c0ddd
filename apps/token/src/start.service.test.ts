import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenServiceService } from '@authority/contracts/token';
import { DirectHub, directRuntime } from '@authority/rpc';
import { testPostgres } from '@authority/testing';
import { expect, test } from 'vitest';
import { migrateToken } from './migrate.ts';
import { startToken } from './token.ts';

test('house.md, stores: a service waits for its schema, and serves once it is there', async () => {
  const postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'token');
  const secrets = [randomBytes(32)];
  const hub = new DirectHub();
  const config = { issuer: 'https://id.example', databaseUrl: ownerUrl, secrets, registration: 'off' as const, outboundAllow: [] };
  let isServing = false;
  const starting = startToken({ config, runtime: directRuntime({ self: 'token', hub, encode: true }) }).then((running) => {
    isServing = true;
    return running;
  });
  await sleep(600);
  expect(isServing).toBe(false);
  await migrateToken({ ownerUrl, serviceUrl, secrets });
  const running = await starting;
  expect(running.ready()).toBe(true);
  const client = directRuntime({ self: 'gateway', hub, encode: true }).connect('token', TokenServiceService);
  const { keys } = JSON.parse((await client.getJwks({})).body) as { keys: { use: string }[] }; // RFC 7517 §5
  expect(keys.map(({ use }) => use).sort()).toEqual(['enc', 'enc', 'sig', 'sig', 'sig', 'sig']);
  expect(JSON.parse((await client.getMetadata({})).body)).not.toHaveProperty('registration_endpoint');
  await running.stop();
  await postgres.stop();
});

test('house.md, stores: a start that is given up ends its wait', async () => {
  const postgres = await testPostgres();
  const databaseUrl = await postgres.newDatabase();
  const config = { issuer: 'https://id.example', databaseUrl, secrets: [randomBytes(32)], registration: 'off' as const, outboundAllow: [] };
  const given = new AbortController();
  const starting = startToken({
    config,
    runtime: directRuntime({ self: 'token', hub: new DirectHub(), encode: true }),
    signal: given.signal,
  });
  setTimeout(() => given.abort(), 100);
  await expect(starting).rejects.toThrow();
  await postgres.stop();
});
