import { type Database, statement } from '@authority/postgres';
import type { Client, Clients } from '@authority/protocol';
import type { ClientSecrets } from '../keys/client-secrets.ts';
import { ChangedRows } from './changed-rows.ts';
import { ChosenSecrets } from './chosen-secrets.ts';
import { clientOf, type SecretRow } from './client-rows.ts';
import type { Polled } from './replica-poll.ts';

interface CachedRow {
  client_id: string;
  metadata: Record<string, unknown>;
  disabled: boolean;
  deleted: boolean;
  secrets: SecretRow[];
}

interface Cached {
  client: Client;
  secrets: readonly SecretRow[];
}

const changed = statement(
  'clients_changed',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, client_id, metadata, disabled,
     deleted_at IS NOT NULL AS deleted,
     (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'key_id', key_id, 'digest', digest)), '[]')
      FROM client_secrets WHERE client_secrets.client_id = clients.client_id) AS secrets
   FROM (SELECT 1) AS one LEFT JOIN clients ON clients.xid >= $1::xid8`,
);

/** All clients in this replica's memory, kept current by the poll. */
export class PostgresClients implements Omit<Clients, 'load' | 'isLive'>, Polled {
  private readonly changes = new ChangedRows<CachedRow>(changed, (row) => row.client_id !== null);
  private clients = new Map<string, Cached>();
  private resources = new Set<string>();
  private readonly chosenSecrets = new ChosenSecrets();

  constructor(
    private readonly database: Database,
    private readonly clientSecrets: ClientSecrets,
  ) {}

  find(client_id: string): Client | undefined {
    return this.clients.get(client_id)?.client;
  }

  isResource(identifier: string): boolean {
    return this.resources.has(identifier);
  }

  verifySecret(client_id: string, secret: string): boolean | Promise<boolean> {
    const chosen: string[] = [];
    let isEqual = false;
    // Every secret is compared, so that the time says nothing about which one it was.
    for (const stored of this.clients.get(client_id)?.secrets ?? []) {
      if (stored.kind === 'argon2id') chosen.push(stored.digest);
      else isEqual = this.clientSecrets.isEqual(stored, client_id, secret) || isEqual;
    }
    return isEqual || chosen.length === 0 ? isEqual : this.chosenSecrets.verify(chosen, secret);
  }

  /** Opened when they are used, so that memory holds none in the clear. */
  signingSecrets(client_id: string): readonly string[] {
    const stored = this.clients.get(client_id)?.secrets ?? [];
    return stored.map((secret) => this.clientSecrets.open(secret, client_id)).filter((secret) => secret !== undefined);
  }

  async refresh(): Promise<void> {
    const { rows, all } = await this.changes.read(this.database);
    if (all) this.clients = new Map();
    for (const row of rows) {
      if (row.deleted) this.clients.delete(row.client_id);
      else this.clients.set(row.client_id, { client: clientOf(row), secrets: row.secrets });
    }
    if (all || rows.length > 0) this.resources = resourcesOf(this.clients.values());
  }

  forget(): void {
    this.changes.forget();
  }
}

function resourcesOf(clients: Iterable<Cached>): Set<string> {
  const identifiers = [...clients].filter(({ client }) => !client.disabled).map(({ client }) => client.resourceIdentifier);
  return new Set(identifiers.filter((identifier) => identifier !== undefined));
}
