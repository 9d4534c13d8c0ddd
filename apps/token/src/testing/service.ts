import { randomBytes } from 'node:crypto';
import { ResolveResponse } from '@authority/contracts/session';
import { DirectHub, directRuntime, type Runtime } from '@authority/rpc';
import { clientDefaults, clientRows } from '../postgres/client-rows.ts';
import type { TokenStores } from '../stores.ts';
import { type Running, startToken } from '../token.ts';
import { type TokenBench, tokenBench } from './bench.ts';
import { type FakePeers, fakePeers } from './peers.ts';

export const issuer = 'https://id.example';
export const redirect_uri = 'https://client.example/cb';

/** The service in this process, between fakes of its peers; every message takes the way over the wire format. */
export interface ServiceBench {
  bench: TokenBench;
  /** A second replica's stores, for what a test puts in or looks up. */
  stores: TokenStores;
  peers: FakePeers;
  gateway: Runtime;
  admin: Runtime;
  /** The secret of every client made here. */
  secret: string;
  addClient(client_id: string, changes: Partial<typeof clientDefaults>): Promise<void>;
  /** A session of a person; answers the cookie's value. */
  signIn(changes?: Partial<ResolveResponse>): string;
  close(): Promise<void>;
}

export const person = '01890000-0000-7000-8000-00000000000a';

export async function serviceBench(): Promise<ServiceBench> {
  const bench = await tokenBench();
  const hub = new DirectHub();
  const runtimeOf = (self: 'gateway' | 'admin' | 'token'): Runtime => directRuntime({ self, hub, encode: true });
  const peers = await fakePeers(hub, true);
  const secret = randomBytes(32).toString('base64url');
  const config = {
    ...{ issuer, databaseUrl: bench.serviceUrl, secrets: [bench.secret], outboundAllow: [], operatorSecret: secret },
    registration: 'token' as const,
  };
  const token: Running = await startToken({ config, runtime: runtimeOf('token') });
  const stores = await bench.replica();
  peers.claims.set(person, { name: 'Ada', email: 'ada@example.com' });

  return {
    ...{ bench, stores, peers, secret, gateway: runtimeOf('gateway'), admin: runtimeOf('admin') },
    async addClient(client_id, changes) {
      await stores.database.transaction(async (tx) => {
        const client = { ...clientDefaults, ...changes, client_id };
        await clientRows.insert(tx, { origin: 'operator', client });
        if (client.token_endpoint_auth_method === 'none') return;
        await clientRows.addSecret(tx, client_id, { kind: 'hmac', ...stores.digests.make(client_id, secret) });
      });
    },
    signIn(changes = {}) {
      const session = randomBytes(8).toString('hex');
      const facts = ResolveResponse.fromPartial({
        active: true,
        sid: `s_${session}`,
        sub: person,
        auth_time_ms: Date.now(),
        amr: ['pwd'],
        acr: 'urn:authority:acr:password',
        expires_at_ms: Date.now() + 86_400_000,
        ...changes,
      });
      peers.sessions.set(session, facts);
      return session;
    },
    async close() {
      await token.stop();
      await peers.close();
      await bench.close();
    },
  };
}

export const form = (parameters: Record<string, string>): { name: string; value: string }[] =>
  Object.entries(parameters).map(([name, value]) => ({ name, value }));

export const basic = (id: string, password: string): string => `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`;
