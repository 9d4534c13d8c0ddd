import { type Reason, StatusError } from '@authority/errors';
import { scopes } from './policy.ts';

/** Who calls, proved. */
export interface Operator {
  /** The client id of a token, or `certificate:<common name>`; owners write it into their audit rows. */
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
}

/** What a caller shows. */
export interface Credentials {
  /** Every value of the metadata `authorization`. */
  readonly authorization: readonly string[];
  /** The client certificate that the TLS listener has verified against AUTHORITY_ADMIN_CLIENT_CA_FILE. */
  readonly certificate?: ClientCertificate | undefined;
}

export interface ClientCertificate {
  readonly commonName: string;
  /** As OpenSSL prints it: `DNS:a, URI:b`. */
  readonly subjectAltName: string;
}

export interface AuthenticationPorts {
  readonly issuer: string;
  /** RFC 7662 at the token service, asked at each call: a revoked operator is refused at once, so nothing is cached. */
  introspect(token: string): Promise<Readonly<Record<string, unknown>>>;
  /** Whether a certificate belongs to a service of ours: those are no operators, even where one authority signs both. */
  isService(certificate: ClientCertificate): boolean;
}

const longestToken = 16 * 1024;
const nameShape = /^[\x21-\x7e]{1,160}$/;

/** UNAUTHENTICATED unless a bearer token (RFC 6750 §2.1) or a client certificate proves an operator. */
export async function authenticate(credentials: Credentials, ports: AuthenticationPorts): Promise<Operator> {
  // A token that is shown is judged, whatever certificate comes with it: fewer rights were asked for.
  if (credentials.authorization.length > 0) return fromToken(bearer(credentials.authorization), ports);
  if (credentials.certificate) return fromCertificate(credentials.certificate, ports);
  throw unauthenticated('token_missing', 'no token was sent; send metadata `authorization: Bearer <access token>`');
}

function bearer(values: readonly string[]): string {
  const [value = '', second] = values;
  if (second !== undefined) throw unauthenticated('token_repeated', 'the metadata `authorization` was sent twice; send it once');
  const token = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(value)?.[1];
  if (token === undefined || token.length > longestToken) {
    throw unauthenticated('token_malformed', 'the metadata `authorization` must be `Bearer <access token>`');
  }
  return token;
}

async function fromToken(token: string, ports: AuthenticationPorts): Promise<Operator> {
  const facts = await ports.introspect(token);
  const refusal = refusalOf(facts, `${ports.issuer}/admin`);
  // One answer for all of these: what is wrong with somebody else's token is not told. The log has the reason.
  if (refusal) throw unauthenticated(refusal, 'the token is not accepted here; get a new one for this server');

  const held = new Set(typeof facts.scope === 'string' ? facts.scope.split(' ') : []);
  if (!Object.values(scopes).some((scope) => held.has(scope))) {
    throw new StatusError('PERMISSION_DENIED', 'token_scope_insufficient', {
      message: `permission: this API needs a token with scope ${scopes.all}; ask for one with an operator's client`,
    });
  }
  return { name: String(facts.client_id), scopes: held };
}

/** Checks in the order of the table; the first that fails is the reason. */
function refusalOf(facts: Readonly<Record<string, unknown>>, audience: string): Reason | undefined {
  const audiences = Array.isArray(facts.aud) ? facts.aud : [facts.aud];
  const checks: readonly [boolean, Reason][] = [
    [facts.active === true, 'token_revoked'],
    // RFC 7662 §2.2: an access token to be sent as Bearer; a refresh token or a DPoP token is none.
    [facts.token_type === undefined || String(facts.token_type).toLowerCase() === 'bearer', 'token_kind_wrong'],
    // RFC 7800: bound to a key whose proof is not taken here; as a bearer token it may have been stolen.
    [facts.cnf === undefined, 'token_kind_wrong'],
    [audiences.includes(audience), 'token_audience_wrong'],
    [typeof facts.client_id === 'string' && nameShape.test(facts.client_id), 'operator_not_allowed'],
    // An operator is a client on its own behalf (RFC 9068 §2.2: then sub is the client); a person's token is not one.
    [facts.sub === undefined || facts.sub === facts.client_id, 'operator_not_allowed'],
  ];
  return checks.find(([holds]) => !holds)?.[1];
}

function fromCertificate(certificate: ClientCertificate, { isService }: AuthenticationPorts): Operator {
  const name = `certificate:${certificate.commonName}`;
  if (certificate.commonName === '' || !nameShape.test(name)) {
    throw unauthenticated('operator_unauthenticated', 'the client certificate needs a common name of printable characters without spaces');
  }
  if (isService(certificate)) {
    throw unauthenticated(
      'operator_not_allowed',
      'the certificate of a service is not an operator; use a certificate or token of your own',
    );
  }
  return { name, scopes: new Set([scopes.all]) };
}

function unauthenticated(reason: Reason, message: string): StatusError {
  return new StatusError('UNAUTHENTICATED', reason, { message: `authorization: ${message}` });
}
