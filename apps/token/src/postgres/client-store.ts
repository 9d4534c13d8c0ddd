import { timingSafeEqual } from 'node:crypto';
import { appendAudit } from '@authority/audit';
import type { Database, Queryable } from '@authority/postgres';
import {
  type Client,
  type ClientRegistration,
  type ClientStore,
  type ManagedClient,
  type NewClient,
  operatorMetadata,
  registrationOf,
} from '@authority/protocol';
import type { ClientSecrets } from '../keys/client-secrets.ts';
import { clientDefaults, clientRows } from './client-rows.ts';
import { endClient } from './endings.ts';
import { hashToken, registrationTokenRows } from './registration-tokens.ts';

type SecretHolder = Pick<Client, 'client_id' | 'token_endpoint_auth_method'>;

class UsedUp extends Error {}

/** Clients that registered themselves (RFC 7591, RFC 7592). */
export class PostgresClientStore implements ClientStore {
  constructor(
    private readonly database: Database,
    private readonly clientSecrets: ClientSecrets,
    /** Brings this replica's memory up to date, so that the next request of the same client finds the change. */
    private readonly refresh: () => Promise<unknown>,
  ) {}

  async create(entry: NewClient): Promise<'created' | 'registration_token_used_up'> {
    try {
      await this.database.transaction((tx) => this.insert(tx, entry));
    } catch (error) {
      if (error instanceof UsedUp) return 'registration_token_used_up';
      throw error;
    }
    await this.refresh();
    return 'created';
  }

  async findManaged(client_id: string, registrationAccessToken: string): Promise<ManagedClient | undefined> {
    const stored = await clientRows.find(this.database, client_id);
    const presented = hashToken(registrationAccessToken);
    const isEqual = timingSafeEqual(presented, stored?.registrationAccessHash ?? Buffer.alloc(presented.length));
    if (!isEqual || stored?.registrationPolicy === undefined) return undefined;
    return {
      registration: registrationOf(stored.client),
      policy: stored.registrationPolicy,
      client_id_issued_at: Math.floor(stored.createdAt / 1000),
      disabled: stored.client.disabled,
    };
  }

  async update(client_id: string, registration: ClientRegistration, secret: string | null | undefined): Promise<void> {
    await this.database.transaction(async (tx) => {
      const stored = await clientRows.findLocked(tx, client_id);
      if (stored === undefined) throw new Error('a client was deleted while it was being updated');
      await clientRows.update(tx, replaced(stored.client, registration));
      if (secret !== undefined) await clientRows.dropSecrets(tx, client_id);
      if (secret) await this.addSecret(tx, { ...registration, client_id }, secret);
      await appendAudit(tx, { action: 'client.update', actor: `client:${client_id}`, target: `client:${client_id}` });
    });
    await this.refresh();
  }

  async delete(client_id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      if (!(await clientRows.remove(tx, client_id))) return;
      await endClient(tx, client_id);
      await appendAudit(tx, { action: 'client.delete', actor: `client:${client_id}`, target: `client:${client_id}` });
    });
    await this.refresh();
  }

  private async insert(tx: Queryable, entry: NewClient): Promise<void> {
    const { client_id, registration, registration_token_id, client_secret, policy } = entry;
    if (registration_token_id !== undefined && !(await registrationTokenRows.use(tx, registration_token_id))) {
      throw new UsedUp(); // rolls back
    }
    const stored = await clientRows.insert(tx, {
      client: { ...clientDefaults, ...registration, client_id },
      origin: 'dynamic',
      registration_token_id,
      registrationAccessHash: hashToken(entry.registration_access_token),
      registrationPolicy: policy,
    });
    if (stored === undefined) throw new Error('a client_id of 128 random bits was taken');
    if (client_secret !== undefined) await this.addSecret(tx, { ...registration, client_id }, client_secret);
    const actor = registration_token_id === undefined ? `client:${client_id}` : `registration_token:${registration_token_id}`;
    const details = { client_name: registration.client_name ?? '', origin: 'dynamic' };
    await appendAudit(tx, { action: 'client.create', actor, target: `client:${client_id}`, details });
  }

  private addSecret(tx: Queryable, client: SecretHolder, secret: string): Promise<void> {
    return clientRows.addSecret(tx, client.client_id, this.clientSecrets.keep(client, secret));
  }
}

/** The registration replaces its own part whole (RFC 7592 §2.2); what the operator set beside it stays. */
function replaced(current: Client, registration: ClientRegistration): Client {
  return { ...clientDefaults, ...registration, ...operatorMetadata(current), client_id: current.client_id };
}
