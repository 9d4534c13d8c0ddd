import { type AccessToken, isJwt, verifyJwt } from './access-token.ts';
import { AuthorizationServer } from './authorization-server.ts';
import { Binding } from './binding.ts';
import { Challenges } from './challenges.ts';
import { Introspection } from './introspection.ts';
import { KeySet } from './key-set.ts';
import { type GuardOptions, type Needs, type Settled, settle } from './options.ts';
import { metadataAddress, metadataOf } from './protected-resource-metadata.ts';
import { Refusal, unavailable } from './refusal.ts';
import { type GuardRequest, type GuardResponse, pathOf, valuesOf } from './request.ts';
import { RevocationList } from './revocation-list.ts';
import { assertAuthenticated, assertScope } from './step-up.ts';

/** Longer than any token of ours, and than a header that a server takes. */
const longestToken = 16_384;

/** A guard for one API: every request's token is judged here. */
export interface Guard {
  /** The token of a request that may go on; throws a Refusal for every other. */
  verify(request: GuardRequest, needs?: Needs): Promise<AccessToken>;
  /** As verify, but answers refusals, and the API's metadata, by itself; undefined when it has answered. */
  protect(request: GuardRequest, response: GuardResponse, needs?: Needs): Promise<AccessToken | undefined>;
  /** Protected resource metadata (RFC 9728), for those who serve it themselves. */
  metadata(): Record<string, unknown>;
  /** Ends the background work. */
  close(): void;
}

export function createGuard(given: GuardOptions): Guard {
  const options = settle(given);
  const server = new AuthorizationServer(options.issuer, options.fetch);
  const keys = new KeySet(server, options.fetch, options.onError);
  const address = metadataAddress(options);
  const challenges = new Challenges(options, address?.url);
  const list = options.revocation === false ? undefined : new RevocationList(server, keys, options, options.revocation);
  const judge = new Judge(options, keys, new Introspection(server, options), list, challenges);
  const verify = (request: GuardRequest, needs: Needs = {}): Promise<AccessToken> => judge.verify(request, needs);

  return {
    verify,
    async protect(request, response, needs) {
      if (address && request.method === 'GET' && pathOf(request) === address.path) {
        answer(
          response,
          200,
          { 'content-type': 'application/json', 'access-control-allow-origin': '*' },
          JSON.stringify(metadataOf(options)),
        );
        return undefined;
      }
      try {
        return await verify(request, needs);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        answer(response, error.status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...error.headers }, error.body);
        return undefined;
      }
    },
    metadata: () => metadataOf(options),
    close: () => list?.stop(),
  };
}

class Judge {
  private readonly binding: Binding;

  constructor(
    private readonly options: Settled,
    private readonly keys: KeySet,
    private readonly introspection: Introspection,
    private readonly list: RevocationList | undefined,
    private readonly challenges: Challenges,
  ) {
    this.binding = new Binding(options, challenges);
  }

  /** In this order: what the request brings, whether it is a token of ours for us, whether it still is, who holds it, what it allows. */
  async verify(request: GuardRequest, needs: Needs): Promise<AccessToken> {
    const { scheme, token } = this.presented(request);
    const found = await this.read(token);
    if (!found) throw this.challenges.invalidToken(scheme, 'the access token is not valid');
    await this.assertNotRevoked(scheme, found);
    await this.binding.assertHeld(request, scheme, token, found);
    assertScope(found, needs, scheme, this.challenges);
    assertAuthenticated(found, needs, scheme, this.challenges);
    return found;
  }

  /** The header alone (RFC 6750 §2.1, RFC 9449 §7.1): addresses are written into logs. */
  private presented(request: GuardRequest): { scheme: 'Bearer' | 'DPoP'; token: string } {
    const [header, more] = valuesOf(request, 'authorization');
    if (header === undefined) throw this.challenges.tokenMissing();
    const [, scheme, token] = /^(Bearer|DPoP) +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header) ?? [];
    if (more !== undefined || scheme === undefined || token === undefined || token.length > longestToken)
      throw this.challenges.tokenMissing();
    return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
  }

  private async read(token: string): Promise<AccessToken | undefined> {
    try {
      return await (isJwt(token) ? verifyJwt(token, this.keys, this.options) : this.introspection.verify(token));
    } catch (error) {
      this.options.onError(error);
      throw unavailable('the authorization server cannot be asked');
    }
  }

  private async assertNotRevoked(scheme: 'Bearer' | 'DPoP', token: AccessToken): Promise<void> {
    if (!this.list || this.options.revocation === false) return;
    const isFresh = await this.list.isFresh();
    if (this.list.isRevoked(token)) throw this.challenges.invalidToken(scheme, 'the access token is not valid');
    if (!isFresh && this.options.revocation.whenStale === 'refuse') throw unavailable('it is not known what was revoked');
  }
}

function answer(response: GuardResponse, status: number, headers: Refusal['headers'], body: string): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}
