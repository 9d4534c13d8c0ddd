import { OAuthError } from '@authority/errors';
import type { Client, Profile } from '../model/client.ts';
import { isObject } from '../primitives/jwt.ts';
import { isOperatorScope, standardScopes } from '../primitives/scope.ts';
import { validateRegistration } from './client-metadata.ts';
import { openRegistrationPolicy } from './policy.ts';

/*
 * Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document): a client_id that is the address of the
 * client's metadata, so that nobody has to register it. Where documents come from is not known here.
 */

/** What a client that nobody registered may be. */
export interface DocumentTerms {
  /** Scopes that such clients may ask for; empty: the standard OpenID scopes. */
  scopes: readonly string[];
  /** And those of resources that are open to every client. */
  openScopes: readonly string[];
  /** The server's. */
  profile: Profile | undefined;
}

/** Without a registration nobody has agreed with the client on anything that makes this server send or show more. */
const passedOver = ['request_uris', 'sector_identifier_uri', 'backchannel_logout_uri', 'frontchannel_logout_uri'];

/** What the flows of such a client are: somebody has to allow it. */
const grantTypes: readonly string[] = ['authorization_code', 'refresh_token'];

/** A document says nothing that must be kept secret (draft §4.1). */
const secretMembers = ['client_secret', 'client_secret_expires_at'];

/** The client that a document describes (draft §4), judged as a registration is; what this server does not do is left out. */
export function clientOfDocument(client_id: string, document: unknown, { scopes, openScopes, profile }: DocumentTerms): Client {
  if (!isObject(document)) throw documentInvalid('is not a JSON object');
  // Compared character by character (§4): nobody publishes a document for an address that is not theirs.
  if (document['client_id'] !== client_id) throw documentInvalid('does not name its own address as client_id');
  const secret = secretMembers.find((name) => Object.hasOwn(document, name));
  if (secret !== undefined) throw documentInvalid(`must not have ${secret}`);
  const policy = { ...openRegistrationPolicy, scopes, openScopes, tokenEndpointAuthMethods: ['none', 'private_key_jwt'] };
  try {
    return {
      ...validateRegistration(narrowed(document, [...(scopes.length > 0 ? scopes : standardScopes), ...openScopes]), policy, profile),
      ...operatorsPart,
      client_id,
    };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    throw documentInvalid(`is not usable: ${error.description ?? error.error}`);
  }
}

const operatorsPart = {
  consentSkipped: false,
  allowedResources: [],
  legacyAssertionAudience: false,
  refreshTokenRotation: 'default',
  disabled: false,
  operator: false,
} as const;

/** One document is for every server: what it asks for beyond what there is here is not a mistake. */
function narrowed(document: Record<string, unknown>, scopes: readonly string[]): Record<string, unknown> {
  const { grant_types, response_types, scope, application_type, redirect_uris, ...rest } = document;
  for (const name of passedOver) delete rest[name];
  const uris: unknown[] = Array.isArray(redirect_uris) ? redirect_uris : [];
  const isNative = uris.some((uri) => typeof uri === 'string' && !uri.startsWith('https://'));
  return {
    ...rest,
    redirect_uris,
    application_type: application_type ?? (isNative ? 'native' : 'web'),
    grant_types: Array.isArray(grant_types) ? grant_types.filter((type) => grantTypes.includes(type)) : grant_types,
    response_types: Array.isArray(response_types) ? response_types.filter((type) => type === 'code') : response_types,
    scope: typeof scope === 'string' ? narrowedScope(scope, scopes) : scopes.filter((one) => !isOperatorScope(one)).join(' '),
  };
}

function narrowedScope(scope: string, names: readonly string[]): string {
  return scope
    .split(' ')
    .filter((one) => names.includes(one))
    .join(' ');
}

function documentInvalid(what: string): OAuthError {
  const description = `the client metadata document ${what}`.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
  return new OAuthError('invalid_client', 'client_document_invalid', { description });
}
