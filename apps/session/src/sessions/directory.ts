import { Session as SessionResource, type ListSessionsRequest, type ListSessionsResponse } from '@authority/contracts/admin';
import { StatusError } from '@authority/errors';
import { fieldInvalid, page, pageOf } from '@authority/listing';
import type { Sessions } from './ports.ts';
import type { Session } from './session.ts';
import type { SessionEndpoint } from './session-endpoint.ts';

const order = {
  columns: [
    { column: 'created', type: 'bigint' },
    { column: 'sid', type: 'text' },
  ],
  descending: true,
} as const;

/** Sessions as operators see them. */
export class Directory {
  readonly #sessions: Sessions;
  readonly #endpoint: SessionEndpoint;

  constructor(sessions: Sessions, endpoint: SessionEndpoint) {
    this.#sessions = sessions;
    this.#endpoint = endpoint;
  }

  /** The live sessions of one subject, newest first. */
  async list(request: ListSessionsRequest): Promise<ListSessionsResponse> {
    if (request.sub === '') throw fieldInvalid('sub', 'is required: sessions are listed by subject');
    if (request.filter !== '') throw fieldInvalid('filter', 'must be empty');
    const one = page(request, { list: 'sessions', order, bound: [request.sub] });
    const living = await this.#endpoint.living(await this.#sessions.ofSubject(request.sub));
    const bySid = new Map(living.map((session) => [session.sid, session]));
    const cut = pageOf([...bySid.values()], one, (session) => [session.createdAt, session.sid]);
    return { sessions: cut.rows.map(resource), next_page_token: cut.next_page_token };
  }

  async get(sid: string): Promise<SessionResource> {
    const [session] = await this.#endpoint.living(await this.#sessions.ofSid(sid));
    return session ? resource(session) : unknown();
  }

  async delete(sid: string, operator: string): Promise<{ propagating: boolean }> {
    return (await this.#endpoint.endSid(sid, operator)) ?? unknown();
  }
}

function unknown(): never {
  throw new StatusError('NOT_FOUND', 'resource_not_found', { message: 'there is no such session' });
}

const resource = (session: Session): SessionResource => ({
  sid: session.sid,
  sub: session.sub,
  auth_time_ms: session.authTime,
  amr: [...session.amr],
  acr: session.acr,
  create_time_ms: session.createdAt,
  expire_time_ms: session.expiresAt,
  user_agent: session.userAgent,
  peer_address: session.address,
});
