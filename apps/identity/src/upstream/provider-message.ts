import { UpstreamProvider as ProviderMessage } from '@authority/contracts/admin';
import type { FieldViolation } from '@authority/errors';
import { etagOf, refusal } from '@authority/listing';
import type { StoredProvider } from '../postgres/upstream-providers.ts';
import { authenticationMethods, redirectUriOf, type UpstreamAuthentication, type UpstreamProvider } from './provider.ts';

/** What `update_mask` may name. */
export const changeableFields = [
  ...['display_name', 'kind', 'issuer', 'client_id', 'scopes', 'authorization_endpoint', 'token_endpoint', 'userinfo_endpoint'],
  ...['emails_endpoint', 'client_authentication', 'apple_team_id', 'apple_key_id', 'response_mode', 'subject_claim'],
  ...['trait_claims', 'trusts_email', 'registration', 'disabled'],
] as readonly (keyof ProviderMessage)[]; // names of its fields

export const idPattern = /^[a-z][a-z0-9_-]{0,39}$/;

export function toMessage({ provider, version, createdAt, updatedAt }: StoredProvider, issuer: string): ProviderMessage {
  return ProviderMessage.fromPartial({
    provider_id: provider.providerId,
    display_name: provider.displayName,
    ...{ kind: provider.kind, issuer: provider.issuer, client_id: provider.client_id, scopes: [...provider.scopes] },
    authorization_endpoint: provider.authorization_endpoint,
    ...{ token_endpoint: provider.token_endpoint, userinfo_endpoint: provider.userinfo_endpoint },
    ...{ emails_endpoint: provider.emailsEndpoint, client_authentication: provider.authentication },
    ...{ apple_team_id: provider.appleTeamId, apple_key_id: provider.appleKeyId },
    response_mode: provider.formPost ? 'form_post' : '',
    ...{ subject_claim: provider.subjectClaim, trait_claims: { ...provider.traitClaims }, trusts_email: provider.trustsEmail },
    ...{ registration: provider.registration, disabled: provider.disabled },
    redirect_uri: redirectUriOf(issuer, provider.providerId),
    ...{ create_time_ms: createdAt, update_time_ms: updatedAt },
    etag: etagOf({ id: provider.providerId, version }),
  });
}

/** What an operator wrote, with what is wrong said all at once. */
export function fromMessage(message: ProviderMessage): UpstreamProvider {
  const faults = faultsOf(message);
  if (faults.length > 0) throw refusal('field_invalid', faults);
  return {
    providerId: message.provider_id,
    displayName: message.display_name.trim(),
    kind: message.kind === 'oauth2' ? 'oauth2' : 'oidc',
    ...{ issuer: message.issuer, client_id: message.client_id, scopes: message.scopes },
    ...{ authorization_endpoint: message.authorization_endpoint, token_endpoint: message.token_endpoint },
    ...{ userinfo_endpoint: message.userinfo_endpoint, emailsEndpoint: message.emails_endpoint },
    authentication: authenticationOf(message.client_authentication) ?? 'client_secret_basic',
    ...{ appleTeamId: message.apple_team_id, appleKeyId: message.apple_key_id, formPost: message.response_mode === 'form_post' },
    ...{ subjectClaim: message.subject_claim, traitClaims: message.trait_claims, trustsEmail: message.trusts_email },
    ...{ registration: message.registration, disabled: message.disabled },
  };
}

const authenticationOf = (value: string): UpstreamAuthentication | undefined => authenticationMethods.find((one) => one === value);

function faultsOf(message: ProviderMessage): FieldViolation[] {
  const faults: FieldViolation[] = [];
  const need = (holds: boolean, field: keyof ProviderMessage, description: string): void => {
    if (!holds) faults.push({ field: `upstream_provider.${field}`, description });
  };
  const isOauth2 = message.kind === 'oauth2';
  const { display_name, client_id, scopes, trait_claims } = message;
  need(idPattern.test(message.provider_id), 'provider_id', 'must be at most 40 lower-case letters, digits, _ and -, a letter first');
  need(display_name.trim() !== '' && display_name.length <= 60 && isPlain(display_name), 'display_name', 'must be 1 to 60 characters');
  need(isOauth2 || message.kind === 'oidc', 'kind', 'must be oidc or oauth2');
  need(client_id !== '' && client_id.length <= 512 && isPlain(client_id), 'client_id', 'is missing');
  need(
    isOauth2 ? message.issuer === '' : isEndpoint(message.issuer.replace('{tenantid}', 't')),
    'issuer',
    'must be an https URL (oidc), or empty (oauth2)',
  );
  const endpoints = ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint'] as const;
  for (const name of endpoints) {
    const isNeeded = isOauth2 || (name === 'userinfo_endpoint' && message[name] !== '');
    need(
      isNeeded ? isEndpoint(message[name]) : message[name] === '',
      name,
      isOauth2 ? 'must be an https URL' : 'is discovered: leave it empty',
    );
  }
  need(
    message.emails_endpoint === '' || (isOauth2 && isEndpoint(message.emails_endpoint)),
    'emails_endpoint',
    'must be an https URL, with oauth2',
  );
  need(
    scopes.length <= 20 && scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(scope)),
    'scopes',
    'must be at most 20 scopes',
  );
  need(isOauth2 || scopes.includes('openid'), 'scopes', 'must hold openid');
  need(
    authenticationOf(message.client_authentication) !== undefined,
    'client_authentication',
    `must be ${authenticationMethods.join(', ')}`,
  );
  const isApple = message.client_authentication === 'apple';
  need(!isApple || (message.apple_team_id !== '' && message.apple_key_id !== ''), 'apple_team_id', 'team and key id are needed for apple');
  need(['', 'form_post'].includes(message.response_mode), 'response_mode', 'must be form_post or empty');
  const names = Object.entries(trait_claims);
  // Any tenant's administrator writes what its ID Tokens tell.
  need(!message.trusts_email || !message.issuer.includes('{tenantid}'), 'trusts_email', 'cannot be true for a provider of many tenants');
  need(
    names.length <= 50 && names.flat().every((name) => /^[\w.:/-]{1,128}$/.test(name)),
    'trait_claims',
    'must be at most 50 names of traits and claims',
  );
  return faults;
}

const isPlain = (text: string): boolean => text.isWellFormed() && !/[\p{Cc}\p{Bidi_Control}]/u.test(text);

/** http only where a laptop runs both sides; libs/outbound decides whether it may be reached. */
function isEndpoint(text: string): boolean {
  if (!URL.canParse(text) || text.length > 2_000) return false;
  const { protocol, hostname, username, hash } = new URL(text);
  const isLocal = protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (protocol === 'https:' || isLocal) && username === '' && hash === '';
}
