import { TrustedIssuer as TrustedIssuerMessage } from '@authority/contracts/admin';
import { OAuthError } from '@authority/errors';
import { etagOf, fieldInvalid } from '@authority/listing';
import { isOperatorScope, isScopeToken, readPublicKeys, type TrustedIssuer } from '@authority/protocol';
import type { StoredTrustedIssuer } from '../postgres/trusted-issuers.ts';

/** What an update mask may name. Not the issuer: its tokens end with its row, and another issuer is another row. */
export const mutableTrustedIssuerFields = [
  'display_name',
  'jwks',
  'jwks_uri',
  'subjects',
  'allowed_subjects',
  'scope',
  'assertion_lifetime',
  'disabled',
] as const satisfies readonly (keyof TrustedIssuerMessage)[];

const mostSubjects = 1024;
const longestName = 256;
const defaultLifetime = 300;

type Described = Pick<StoredTrustedIssuer, 'trustedIssuer' | 'displayName'>;

export function toMessage({ trustedIssuer, displayName, createdAt, updatedAt }: StoredTrustedIssuer): TrustedIssuerMessage {
  const message = TrustedIssuerMessage.fromPartial({
    trusted_issuer_id: trustedIssuer.trusted_issuer_id,
    issuer: trustedIssuer.issuer,
    display_name: displayName,
    jwks: trustedIssuer.jwks ? JSON.stringify(trustedIssuer.jwks) : '',
    jwks_uri: trustedIssuer.jwks_uri ?? '',
    subjects: trustedIssuer.subjects,
    allowed_subjects: [...trustedIssuer.allowedSubjects],
    scope: trustedIssuer.scopes.join(' '),
    assertion_lifetime: trustedIssuer.assertionLifetime,
    disabled: trustedIssuer.disabled,
    create_time_ms: createdAt,
    update_time_ms: updatedAt,
  });
  return { ...message, etag: etagOf(message) };
}

/** A trusted issuer as an operator describes it. */
export function fromMessage(message: TrustedIssuerMessage, self: string, tokenFamily: string): Described {
  const { trusted_issuer_id, issuer, display_name, allowed_subjects, assertion_lifetime } = message;
  assertIssuer(issuer, self);
  if (display_name.length > longestName) throw fieldInvalid('trusted_issuer.display_name', `must have at most ${longestName} characters`);
  if (assertion_lifetime > 3600) throw fieldInvalid('trusted_issuer.assertion_lifetime', 'must be at most 3600 seconds');
  assertSubjects(allowed_subjects);
  return {
    trustedIssuer: {
      ...{ trusted_issuer_id, issuer, tokenFamily },
      ...keysOf(message),
      subjects: subjectsOf(message.subjects),
      allowedSubjects: allowed_subjects,
      scopes: scopesOf(message.scope),
      assertionLifetime: assertion_lifetime === 0 ? defaultLifetime : assertion_lifetime,
      disabled: message.disabled,
    },
    displayName: display_name,
  };
}

/** RFC 7519 §4.1.1: any text can be an `iss`. This server's own tokens are never assertions. */
function assertIssuer(issuer: string, self: string): void {
  if (!/^[\x21-\x7e]{1,512}$/.test(issuer)) throw fieldInvalid('trusted_issuer.issuer', 'must be 1 to 512 printable ASCII characters');
  if (issuer === self) throw fieldInvalid('trusted_issuer.issuer', 'is this server itself');
}

function assertSubjects(subjects: readonly string[]): void {
  if (subjects.length > mostSubjects) throw fieldInvalid('trusted_issuer.allowed_subjects', `must be at most ${mostSubjects}`);
  const wrong = subjects.findIndex((one) => one === '' || one.length > 255 || /\p{Cc}/u.test(one) || !one.isWellFormed());
  if (wrong >= 0) throw fieldInvalid(`trusted_issuer.allowed_subjects[${wrong}]`, 'must be 1 to 255 characters without control characters');
}

function keysOf({ jwks, jwks_uri }: TrustedIssuerMessage): Pick<TrustedIssuer, 'jwks' | 'jwks_uri'> {
  if ((jwks === '') === (jwks_uri === '')) throw fieldInvalid('trusted_issuer.jwks', 'either jwks or jwks_uri is needed, and not both');
  if (jwks === '') {
    const isHttps = jwks_uri.length <= 2048 && URL.canParse(jwks_uri) && new URL(jwks_uri).protocol === 'https:';
    if (!isHttps) throw fieldInvalid('trusted_issuer.jwks_uri', 'must be an https address');
    return { jwks_uri };
  }
  try {
    return { jwks: { keys: readPublicKeys(JSON.parse(jwks)) } };
  } catch (error) {
    const why = error instanceof OAuthError ? error.description : undefined;
    throw fieldInvalid('trusted_issuer.jwks', why ?? 'must be a JWK Set in JSON');
  }
}

function subjectsOf(word: string): TrustedIssuer['subjects'] {
  if (word === '' || word === 'external') return 'external';
  if (word === 'local') return word;
  throw fieldInvalid('trusted_issuer.subjects', 'must be external or local');
}

function scopesOf(text: string): readonly string[] {
  const scopes = [...new Set(text.split(' ').filter((scope) => scope !== ''))];
  if (scopes.length > 256) throw fieldInvalid('trusted_issuer.scope', 'must be at most 256 scopes');
  for (const scope of scopes) {
    if (!isScopeToken(scope) || scope.length > 256) throw fieldInvalid('trusted_issuer.scope', 'must be scopes of RFC 6749 §3.3');
    // Such scopes are an operator client's alone (contract.md, "Operators").
    if (isOperatorScope(scope)) throw fieldInvalid('trusted_issuer.scope', 'scopes that begin with authority. are for operators alone');
  }
  return scopes;
}
