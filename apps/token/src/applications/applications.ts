import {
  Application,
  type ListApplicationsRequest,
  type ListApplicationsResponse,
  type RevokeApplicationRequest,
  type RevokeApplicationResponse,
} from '@authority/contracts/token';
import { type Scopes, type Sessions, summaryOf } from '@authority/protocol';
import { statement } from '@authority/postgres';
import { liveGrant } from '../postgres/grant-rows.ts';
import { revokeGrants } from '../postgres/grant-statements.ts';
import { takeBackConsent } from '../postgres/consents.ts';
import type { TokenStores } from '../stores.ts';

export interface ApplicationPorts {
  readonly sessions: Sessions;
  readonly scopes: Pick<Scopes, 'description'>;
}

// A person has dozens of applications, not thousands; whoever has more sees the newest.
const list = statement(
  'applications_list',
  `SELECT client_id, min(since) AS since, bool_or(offline) AS offline,
     array_agg(DISTINCT scope) FILTER (WHERE scope IS NOT NULL) AS scopes,
     array_agg(DISTINCT resource) FILTER (WHERE resource <> '') AS resources
   FROM (
     SELECT client_id, created_at AS since, sid IS NULL AS offline, scopes, resources FROM grants
     WHERE sub = $1 AND ${liveGrant}
     UNION ALL
     SELECT client_id, updated_at, false, scopes, ARRAY[resource] FROM consents WHERE sub = $1
   ) AS allowed
   LEFT JOIN LATERAL unnest(scopes) AS scope ON true
   LEFT JOIN LATERAL unnest(resources) AS resource ON true
   GROUP BY client_id ORDER BY max(since) DESC LIMIT 500`,
);

const counts = statement(
  'applications_grants',
  `SELECT client_id, count(*)::integer AS grants FROM grants WHERE sub = $1 AND ${liveGrant} GROUP BY client_id`,
);

const ofOne = statement(
  'applications_grants_of',
  `SELECT grant_id, end_day FROM grants WHERE sub = $1 AND client_id = $2 AND ${liveGrant}`,
);

interface ListedRow {
  client_id: string;
  since: Date;
  offline: boolean;
  scopes: string[] | null;
  resources: string[] | null;
}

/** Applications with access to an account, for its person. */
export class Applications {
  constructor(
    private readonly stores: Pick<TokenStores, 'database' | 'poll' | 'clients'>,
    private readonly ports: ApplicationPorts,
  ) {}

  async list({ session }: ListApplicationsRequest): Promise<ListApplicationsResponse> {
    const facts = await this.ports.sessions.resolve(session);
    if (!facts) return { signed_in: false, applications: [] };
    const [rows, grants] = await Promise.all([
      this.stores.database.query<ListedRow>(list, [facts.sub]),
      this.stores.database.query<{ client_id: string; grants: number }>(counts, [facts.sub]),
    ]);
    const byClient = new Map(grants.map((row) => [row.client_id, row.grants]));
    return { signed_in: true, applications: rows.map((row) => this.message(row, byClient.get(row.client_id) ?? 0)) };
  }

  /** Grants, their tokens, and the consent: in one transaction, and in force here before the answer. */
  async revoke({ session, client_id }: RevokeApplicationRequest): Promise<RevokeApplicationResponse> {
    const facts = await this.ports.sessions.resolve(session);
    if (!facts) return { signed_in: false };
    await this.stores.database.transaction(async (tx) => {
      const grants = await tx.query<{ grant_id: string; end_day: number }>(ofOne, [facts.sub, client_id]);
      for (const [day, some] of Map.groupBy(grants, ({ end_day }) => end_day)) {
        const ids = some.map(({ grant_id }) => grant_id);
        await tx.query(revokeGrants, [day, ids, ids.map(() => 'revoked_by_person')]);
      }
      await takeBackConsent(tx, facts.sub, client_id);
    });
    await this.stores.poll.refresh();
    return { signed_in: true };
  }

  private message({ client_id, since, offline, scopes, resources }: ListedRow, grants: number): Application {
    const client = this.stores.clients.find(client_id);
    return Application.fromPartial({
      // A client that is gone has still a name that a person can take access from.
      client: client ? summaryOf(client) : { client_id, client_name: client_id },
      scopes: (scopes ?? []).toSorted(openidFirst).map((name) => ({ name, description: this.ports.scopes.description(name) })),
      resources: resources ?? [],
      create_time_ms: since.getTime(),
      grants,
      is_offline: offline,
    });
  }
}

const openidFirst = (a: string, b: string): number => Number(b === 'openid') - Number(a === 'openid') || a.localeCompare(b);
