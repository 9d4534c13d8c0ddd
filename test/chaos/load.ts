import { type Answer, type ClientCredential, type Person, post, type RelyingParty, request, type Tokens } from '@authority/testing/suite';

/** What was asked, and what came of it. */
export interface Observation {
  readonly kind: Kind;
  /** Unix milliseconds of the question. */
  readonly at: number;
  readonly ms: number;
  /** `reset`: the connection broke, or none came about. */
  readonly status: number | 'reset' | 'silence';
  readonly retryAfter: string | null;
  readonly type: string;
}

export const kinds = [
  ...(['client credentials', 'discovery', 'jwks', 'refresh', 'introspection', 'userinfo'] as const),
  ...(['authorize page', 'authorize signed in'] as const),
] as const;
export type Kind = (typeof kinds)[number];
/** What needs no store, and no peer but the token service (issue 2 item 3). */
export const storeless: readonly Kind[] = ['client credentials', 'discovery', 'jwks'];

/** Who asks. */
export interface Cast {
  readonly machine: ClientCredential;
  readonly party: RelyingParty;
  readonly tokens: Tokens;
  readonly person: Person;
}

const patienceMs = 4_000;
const roundEveryMs = 100;

/** A light load that never stops asking everything: a round of eight requests ten times a second, one at a time of each. */
export class Load {
  readonly observations: Observation[] = [];
  readonly #ask: Readonly<Record<Kind, () => Promise<Answer>>>;
  readonly #busy = new Map<Kind, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(issuer: string, { machine, party, tokens, person }: Cast) {
    const endpoint = (path: string): string => `${issuer}${path}`;
    this.#ask = {
      'client credentials': () => post(endpoint('/oauth2/token'), { grant_type: 'client_credentials' }, machine),
      discovery: () => request(endpoint('/.well-known/openid-configuration')),
      jwks: () => request(endpoint('/.well-known/jwks.json')),
      refresh: () => party.refresh(tokens.refresh_token),
      introspection: () => post(endpoint('/oauth2/introspect'), { token: tokens.access_token }, party.client),
      userinfo: () => party.userInfo(tokens.access_token),
      'authorize page': () => request(party.begin().url, { headers: { accept: 'text/html' } }),
      'authorize signed in': () =>
        request(party.begin({ prompt: 'none' }).url, { headers: { accept: 'text/html', cookie: person.cookies } }),
    };
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const kind of kinds) if (!this.#busy.has(kind)) this.#begin(kind);
    }, roundEveryMs);
  }

  /** Ends when every question has its answer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#busy.values());
  }

  /** Asks everything once; true when all of it was served. */
  async isServed(): Promise<boolean> {
    const round = await Promise.all(kinds.map((kind) => this.#observe(kind)));
    return round.every(isServed);
  }

  #begin(kind: Kind): void {
    const asked = this.#observe(kind).then((observation) => {
      this.observations.push(observation);
      this.#busy.delete(kind);
    });
    this.#busy.set(kind, asked);
  }

  async #observe(kind: Kind): Promise<Observation> {
    const at = Date.now();
    const silence = new Promise<'silence'>((resolve) => setTimeout(resolve, patienceMs, 'silence').unref());
    const answer = await Promise.race([this.#ask[kind]().catch(() => 'reset' as const), silence]);
    const ms = Date.now() - at;
    if (typeof answer === 'string') return { kind, at, ms, status: answer, retryAfter: null, type: '' };
    const { status, headers } = answer;
    return { kind, at, ms, status, retryAfter: headers.get('retry-after'), type: headers.get('content-type') ?? '' };
  }
}

/** 200, or a redirect: to the sign-in page, or to the client. */
export const isServed = ({ status }: Observation): boolean => status === 200 || status === 303;

/** 503 with Retry-After within two seconds: JSON for programs, a page for people. */
export function isHonestRefusal({ kind, status, retryAfter, ms, type }: Observation): boolean {
  const isRightType = kind.startsWith('authorize') ? type.startsWith('text/html') : type.startsWith('application/json');
  return status === 503 && Number(retryAfter) >= 1 && ms <= 2_000 && isRightType;
}
