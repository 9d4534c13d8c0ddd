import type { Client } from '../model/client.ts';
import { endpointUrl } from '../endpoints/paths.ts';
import type { EndpointRequest } from '../model/request.ts';
import { invalidClient } from '../primitives/challenge.ts';
import { readUnverified, type UnverifiedJwt } from '../primitives/jwt.ts';
import { find, type ParameterMap } from '../primitives/parameters.ts';
import { allowsAlgorithm, rulesFor } from '../profiles/index.ts';
import type { ProfileRules } from '../profiles/profile.ts';
import type { ClientAuthenticationPorts, PresentedCredential } from './method.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The longest life of an assertion in seconds, and so of its mark. */
const longestLife = 3600;
/** Clocks may differ by this many seconds (RFC 7523 §3, "some small leeway"). */
const leeway = 30;

/** Whether the client made the signature; the one thing in which the methods with assertions differ. */
export type IsSigned = (
  assertion: string,
  header: UnverifiedJwt['header'],
  client: Client,
  ports: ClientAuthenticationPorts,
) => boolean | Promise<boolean>;

/**
 * The assertion of a request (RFC 7521 §4.2), where this method is for its algorithm: an HMAC tells a secret's assertion from a
 * key's, so that one is never verified as the other (RFC 8725 §2.1).
 */
export function presentAssertion(
  request: EndpointRequest,
  parameters: ParameterMap,
  isFor: (alg: unknown) => boolean,
  isSigned: IsSigned,
): PresentedCredential | undefined {
  const assertion = find(parameters, 'client_assertion');
  const jwt = assertion === undefined || assertion.length > 16_384 ? undefined : readUnverified(assertion);
  if (!isFor(jwt?.header['alg'])) return undefined;
  const type = find(parameters, 'client_assertion_type');
  if (assertion === undefined && type === undefined) return undefined;
  if (request.authorization !== '' || parameters.has('client_secret')) {
    // Two methods: the caller counts them and refuses both.
    return { client_id: '', verify: () => undefined };
  }
  const client_id = jwt?.payload['sub'];
  if (assertion === undefined || type !== assertionType || !jwt || typeof client_id !== 'string') {
    throw invalidClient('client_assertion_invalid');
  }
  return { client_id, verify: (client, ports, now) => verify(assertion, jwt, isSigned, client, ports, now) };
}

async function verify(
  assertion: string,
  jwt: UnverifiedJwt,
  isSigned: IsSigned,
  client: Client,
  ports: ClientAuthenticationPorts,
  now: number,
): Promise<void> {
  const rules = rulesFor(client, ports.policy);
  assertHeader(jwt.header, client, rules);
  const { jti, exp, issuedAt } = assertClaims(jwt.payload, client, rules, ports.issuer, now);
  if (!(await isSigned(assertion, jwt.header, client, ports))) throw invalidClient('client_assertion_invalid');

  // Marks made before the epoch may be lost, so an assertion as old as that may have been used (house.md, epochs). Asked
  // again after the mark: a store that was lost in between has begun a new epoch, and this mark is the first of that one.
  const assertSinceEpoch = (): void => {
    if (issuedAt * 1000 < ports.replayMarks.epochStartedAt()) throw invalidClient('client_assertion_before_epoch');
  };
  assertSinceEpoch();
  // Marked last: only what the client signed may take a mark. Kept while the leeway lets the assertion pass.
  const first = await ports.replayMarks.markOnce('client_assertion', `${client.client_id}:${jti}`, (exp + leeway) * 1000);
  assertSinceEpoch();
  if (!first) throw invalidClient('client_assertion_replayed');
}

/** Explicit typing (RFC 8725 §3.11): an access token, ID Token or request object is no assertion. */
function assertHeader(header: Record<string, unknown>, client: Client, rules: ProfileRules | undefined): void {
  const { alg, typ, crit } = header;
  const isAssertion = typ === undefined || (typeof typ === 'string' && /^(?:application\/)?(?:client-authentication\+)?jwt$/i.test(typ));
  if (!isAssertion || crit !== undefined) throw invalidClient('client_assertion_invalid');
  const registered = client.token_endpoint_auth_signing_alg;
  if (registered !== undefined && alg !== registered) throw invalidClient('client_assertion_invalid');
  if (!allowsAlgorithm(alg, rules)) throw invalidClient('profile_refused');
}

/** RFC 7523 §3, with the audience of RFC 10070. */
function assertClaims(claims: Record<string, unknown>, client: Client, rules: ProfileRules | undefined, issuer: string, now: number) {
  const { iss, sub, aud, jti, exp, iat, nbf } = claims;
  const seconds = now / 1000;
  if (iss !== client.client_id || sub !== client.client_id) throw invalidClient('client_assertion_invalid');
  if (!isAudience(aud, client, issuer)) throw invalidClient('client_assertion_audience_wrong');
  // FAPI 2.0 Security Profile §5.3.2.1.
  if (rules?.audienceAsString && typeof aud !== 'string') throw invalidClient('client_assertion_audience_wrong');
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw invalidClient('client_assertion_invalid');
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw invalidClient('client_assertion_invalid');
  if (exp + leeway <= seconds) throw invalidClient('client_assertion_expired');
  if (exp > seconds + longestLife + leeway) throw invalidClient('client_assertion_invalid');
  for (const time of [iat, nbf]) {
    if (time !== undefined && (typeof time !== 'number' || !(time <= seconds + leeway))) throw invalidClient('client_assertion_invalid');
  }
  // Without iat it counts as issued its longest life before its end (house.md, epochs).
  return { jti, exp, issuedAt: typeof iat === 'number' ? iat : exp - longestLife };
}

/**
 * The issuer and nothing else (RFC 10070): an assertion for several audiences could be replayed by one of them at the
 * others. The token endpoint's URL only for clients that were marked as old.
 */
function isAudience(aud: unknown, client: Client, issuer: string): boolean {
  const sole: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  return sole === issuer || (client.legacyAssertionAudience && sole === endpointUrl(issuer, 'token'));
}
