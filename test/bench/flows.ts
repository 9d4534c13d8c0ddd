import { Walk } from './browser-walk.ts';
import { dpop } from './dpop.ts';
import { type Answer, formBytes, type Load, requestBytes } from './driver.ts';
import { authorizeOnce, authorizeQuery, basic, deviceGrant, exchangeGrant, pkce, redeem, type Target } from './target.ts';

type Prepared = Omit<Load, 'host' | 'port' | 'connections' | 'seconds'> & {
  /** What may be used up to warm the server, where requests are made before the clock starts. */
  warmUpRequests?: number;
};

export interface Flow {
  name: string;
  /** The peer has nothing like it; only ours is measured. */
  notOfferedByPeer?: true;
  /** Makes what the load needs and says how to drive it. */
  prepare(target: Target, seconds: number): Promise<Prepared>;
}

const ok = (answer: Answer): boolean => answer.status === 200;
const hostOf = (target: Target): string => new URL(target.issuer).host;
const scope = 'openid profile email';
const offline = 'openid profile email offline_access';

/** Requests that never change: the same bytes again and again. */
function constant(bytes: Buffer, accepts: (answer: Answer) => boolean = ok): Pick<Load, 'next' | 'accepts'> {
  return { next: () => bytes, accepts };
}

async function signedIn(target: Target): Promise<Walk> {
  const walk = new Walk();
  await target.signIn(walk);
  return walk;
}

async function tokens(
  target: Target,
  client: { client_id: string; client_secret: string },
  wanted: string,
): Promise<{ access_token: string; refresh_token: string }> {
  const walk = await signedIn(target);
  return tokensOf(target, client, walk, wanted);
}

async function tokensOf(
  target: Target,
  client: { client_id: string; client_secret: string },
  walk: Walk,
  wanted: string,
): Promise<{ access_token: string; refresh_token: string }> {
  const proof = pkce();
  const extra: Record<string, string> = wanted.includes('offline_access') && target.name === 'peer' ? { prompt: 'consent' } : {};
  const code = await authorizeOnce(target, walk, client, proof, wanted, extra);
  const { access_token, refresh_token = '' } = await redeem(target, client, code, proof);
  return { access_token, refresh_token };
}

const clientCredentials: Flow = {
  name: 'client_credentials',
  async prepare(target) {
    const form = { grant_type: 'client_credentials', ...target.machine.form };
    return constant(
      formBytes(target.paths.token, hostOf(target), { authorization: basic(target.machine) }, form),
      (answer) => ok(answer) && answer.body.includes('access_token'),
    );
  },
};

const codesToWarmUp = 3_000;

/** Codes are made before the clock starts: as many as the run can use. */
const code: Flow = {
  name: 'code exchange (PKCE, ID Token)',
  async prepare(target, seconds) {
    const walk = await signedIn(target);
    const requests: Buffer[] = [];
    await authorizeOnce(target, walk, target.app, pkce(), scope);
    const wanted = codesToWarmUp + Math.ceil(seconds * 700);
    const headers = { authorization: basic(target.app) };
    await inParallel(16, wanted, async () => {
      const proof = pkce();
      const value = await authorizeOnce(target, walk, target.app, proof, scope);
      requests.push(
        formBytes(target.paths.token, hostOf(target), headers, {
          grant_type: 'authorization_code',
          code: value,
          redirect_uri: target.redirectUri,
          code_verifier: proof.verifier,
        }),
      );
    });
    return {
      next: () => requests.pop(),
      accepts: (answer) => ok(answer) && answer.body.includes('id_token'),
      warmUpRequests: codesToWarmUp,
    };
  },
};

const refresh: Flow = {
  name: 'refresh, not rotating',
  async prepare(target) {
    const walk = await signedIn(target);
    const requests: Buffer[] = [];
    for (let index = 0; index < 64; index++) {
      const { refresh_token } = await tokensOf(target, target.app, walk, offline);
      requests.push(
        formBytes(target.paths.token, hostOf(target), { authorization: basic(target.app) }, { grant_type: 'refresh_token', refresh_token }),
      );
    }
    return {
      next: (connection) => requests[connection % requests.length],
      accepts: (answer) => ok(answer) && answer.body.includes('access_token'),
    };
  },
};

const rotatingRefresh: Flow = {
  name: 'refresh, rotating',
  async prepare(target) {
    const walk = await signedIn(target);
    const current: string[] = [];
    for (let index = 0; index < 64; index++) current.push((await tokensOf(target, target.rotating, walk, offline)).refresh_token);
    const headers = { authorization: basic(target.rotating) };
    return {
      next: (connection) =>
        formBytes(target.paths.token, hostOf(target), headers, { grant_type: 'refresh_token', refresh_token: current[connection] ?? '' }),
      accepts: (answer, connection) => {
        if (!ok(answer)) return false;
        current[connection] = (JSON.parse(answer.body) as { refresh_token: string }).refresh_token; // RFC 6749 §5.1
        return true;
      },
    };
  },
};

const introspection: Flow = {
  name: 'introspection',
  async prepare(target) {
    const { access_token } = await tokens(target, target.app, scope);
    return constant(
      formBytes(target.paths.introspect, hostOf(target), { authorization: basic(target.app) }, { token: access_token }),
      (answer) => ok(answer) && answer.body.includes('"active":true'),
    );
  },
};

const userInfo: Flow = {
  name: 'UserInfo',
  async prepare(target) {
    const { access_token } = await tokens(target, target.app, scope);
    return constant(
      requestBytes('GET', target.paths.userinfo, hostOf(target), { authorization: `Bearer ${access_token}` }),
      (answer) => ok(answer) && answer.body.includes('bench@example.com'),
    );
  },
};

const jwks: Flow = {
  name: 'JWKS',
  prepare: async (target) => constant(requestBytes('GET', target.paths.jwks, hostOf(target), {})),
};

const discovery: Flow = {
  name: 'discovery',
  prepare: async (target) => constant(requestBytes('GET', target.paths.discovery, hostOf(target), {})),
};

const authorize: Flow = {
  name: 'authorize with a session',
  async prepare(target) {
    const walk = await signedIn(target);
    await authorizeOnce(target, walk, target.app, pkce(), scope);
    const query = authorizeQuery(target, target.app, pkce().challenge, scope);
    const bytes = requestBytes('GET', `${target.paths.authorize}?${query}`, hostOf(target), { cookie: walk.cookie, accept: 'text/html' });
    return constant(
      bytes,
      (answer) =>
        (answer.status === 303 || answer.status === 302) && /location: http:\/\/127\.0\.0\.1:9\/callback\?.*code=/i.test(answer.headers),
    );
  },
};

/**
 * Devices that nobody has decided about yet, one for each connection. They poll as fast as they are answered: this server
 * says `slow_down` to that, and keeps the count; the peer does not.
 */
const devicePolling: Flow = {
  name: 'device polling',
  async prepare(target) {
    const headers = { authorization: basic(target.app) };
    const requests = await Promise.all(
      Array.from({ length: 64 }, async () => {
        const body = new URLSearchParams({ client_id: target.app.client_id, scope: 'openid' });
        const response = await fetch(`${target.issuer}${target.paths.device}`, { method: 'POST', headers, body });
        if (!response.ok) throw new Error(`${target.name}: ${response.status} ${await response.text()}`);
        const { device_code } = (await response.json()) as { device_code: string }; // RFC 8628 §3.2
        return formBytes(target.paths.token, hostOf(target), headers, { grant_type: deviceGrant, device_code });
      }),
    );
    return {
      next: (connection) => requests[connection % requests.length],
      accepts: ({ status, body }) => status === 400 && /"(authorization_pending|slow_down)"/.test(body),
    };
  },
};

const par: Flow = {
  name: 'PAR',
  async prepare(target) {
    const form = Object.fromEntries(authorizeQuery(target, target.app, pkce().challenge, scope));
    return constant(
      formBytes(target.paths.par, hostOf(target), { authorization: basic(target.app) }, form),
      ({ status, body }) => status === 201 && body.includes('urn:ietf:params:oauth:request_uri:'),
    );
  },
};

/** RFC 8693: an access token of a person for a narrower one, without an actor. */
const tokenExchange: Flow = {
  name: 'token exchange',
  notOfferedByPeer: true,
  async prepare(target) {
    const { access_token } = await tokens(target, target.app, scope);
    const form = {
      grant_type: exchangeGrant,
      subject_token: access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'openid',
    };
    return constant(
      formBytes(target.paths.token, hostOf(target), { authorization: basic(target.app) }, form),
      (answer) => ok(answer) && answer.body.includes('issued_token_type'),
    );
  },
};

export const flows: readonly Flow[] = [
  clientCredentials,
  code,
  refresh,
  rotatingRefresh,
  introspection,
  userInfo,
  jwks,
  discovery,
  authorize,
  devicePolling,
  par,
  tokenExchange,
  dpop,
];

export function flowOf(name: string): Flow {
  const flow = flows.find((one) => one.name === name);
  if (!flow) throw new Error(`there is no flow ${name}`);
  return flow;
}

async function inParallel(width: number, count: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left-- > 0) await work();
    }),
  );
}
