import type {
  Credential,
  DeleteCredentialRequest,
  DeleteCredentialResponse,
  ListCredentialsRequest,
  ListCredentialsResponse,
} from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { appendFeed, type FeedSource } from '@authority/feed';
import { exact, fieldInvalid, matches, page, pageOf, parseFilter } from '@authority/listing';
import type { Database, Queryable } from '@authority/postgres';
import { changeIdentity, findIdentity, lockIdentity } from '../postgres/identities.ts';

/** One kind of credential, as operators see and remove it. */
export interface CredentialKind {
  readonly kind: string;
  list(db: Queryable, sub: string): Promise<Credential[]>;
  /** In the transaction of the change, with its audit row; false when the person has no such credential. The id is empty for any. */
  remove(tx: Queryable, sub: string, id: string, actor: string): Promise<boolean>;
}

export interface CredentialsPorts {
  readonly database: Database;
  readonly feed: Pick<FeedSource, 'passed'>;
  readonly kinds: readonly CredentialKind[];
}

const order = {
  columns: [
    { column: 'kind', type: 'text' },
    { column: 'create_time_ms', type: 'bigint' },
    { column: 'id', type: 'text' },
  ],
} as const;

/** Credentials of people as operators manage them. */
export class Credentials {
  readonly #ports: CredentialsPorts;

  constructor(ports: CredentialsPorts) {
    this.#ports = ports;
  }

  async list(request: ListCredentialsRequest): Promise<ListCredentialsResponse> {
    const { database, kinds } = this.#ports;
    const { sub } = request;
    const terms = parseFilter(request.filter, { kind: exact() });
    const one = page(request, { list: 'credentials', order, bound: [sub] });
    if (!(await findIdentity(database, sub))) throw unknownPerson();
    const all = (await Promise.all(kinds.map((kind) => kind.list(database, sub)))).flat();
    const asked = all.filter((credential) => matches(terms, credential, { kind: ({ kind }) => kind }));
    const cut = pageOf(asked, one, ({ kind, create_time_ms, id }) => [kind, create_time_ms, id]);
    return { credentials: cut.rows, next_page_token: cut.next_page_token };
  }

  async delete({ sub, kind, id, end_sessions }: DeleteCredentialRequest, actor: string): Promise<DeleteCredentialResponse> {
    const found = this.#ports.kinds.find((one) => one.kind === kind);
    if (!found) throw fieldInvalid('kind', `must be one of ${this.#ports.kinds.map((one) => one.kind).join(', ')}`);
    const entry = await this.#ports.database.transaction(async (tx) => {
      const identity = await lockIdentity(tx, sub);
      if (!identity) throw unknownPerson();
      if (!(await found.remove(tx, sub, id, actor))) throw unknownCredential();
      await changeIdentity(tx, identity, end_sessions);
      return end_sessions ? appendFeed(tx, { event: 'credential_changed', sub, why: 'operator' }) : undefined;
    });
    return { propagating: entry !== undefined && !(await this.#ports.feed.passed(entry)) };
  }
}

const unknownPerson = () => new StatusError('NOT_FOUND', 'resource_not_found', { message: 'there is no such identity' });
const unknownCredential = () => new StatusError('NOT_FOUND', 'resource_not_found', { message: 'the person has no such credential' });
