import { canonicalResponseType, responseTypes } from '../authorize/checks/response-type.ts';
import { deviceCode } from '../grants/device-code.ts';
import { grants } from '../grants/index.ts';
import type { RegistrationPolicy } from '../model/registration.ts';
import { invalidMetadata, type Metadata } from './metadata.ts';

/** Grant types that leave nothing to refresh. */
const withoutRefresh: readonly string[] = ['refresh_token', 'client_credentials', 'implicit'];

/** Grant types of this server within the policy. `implicit` is one when a response type needs it (RFC 7591 §2.1). */
export function readGrantTypes(metadata: Metadata, method: string, policy: RegistrationPolicy): readonly string[] {
  const known = new Set([...grants.map(({ type }) => type), ...responseTypes.flatMap(grantTypesOf)]);
  const asked = metadata.texts('grant_types', 20) ?? ['authorization_code'];
  if (asked.length === 0) throw invalidMetadata('grant_types is empty');
  for (const type of asked) {
    if (!isAllowed(type, policy) || !known.has(type)) throw invalidMetadata(`the grant type ${type} is not available`);
  }
  // A grant without people needs a client with credentials (RFC 6749 §4.4).
  if (method === 'none' && asked.includes('client_credentials')) throw invalidMetadata('client_credentials needs client authentication');
  if (asked.includes('refresh_token') && asked.every((type) => withoutRefresh.includes(type))) {
    throw invalidMetadata('refresh_token needs a grant type that gives refresh tokens');
  }
  return asked;
}

function isAllowed(type: string, { grantTypes, allowPassword, allowImplicit, allowHybrid, allowDevice }: RegistrationPolicy): boolean {
  if (grantTypes && !grantTypes.includes(type)) return false;
  if (type === deviceCode.type) return allowDevice === true;
  if (type === 'password') return allowPassword;
  return type !== 'implicit' || allowImplicit || allowHybrid;
}

/** Response types fit the grant types (the table of RFC 7591 §2.1), the policy and this server. */
export function readResponseTypes(metadata: Metadata, grantTypes: readonly string[], policy: RegistrationPolicy): readonly string[] {
  const byDefault = grantTypes.includes('authorization_code') ? ['code'] : [];
  const asked = [...new Set((metadata.texts('response_types', 20) ?? byDefault).map(canonicalResponseType))];
  for (const type of asked) {
    const { allowImplicit: implicit, allowHybrid: hybrid, operator: none = false } = policy;
    const isAllowed = { code: true, implicit, hybrid, none }[flowOf(type)];
    if (!isAllowed || !responseTypes.includes(type)) throw invalidMetadata(`the response type ${type} is not available`);
  }
  const needed = new Set(asked.flatMap(grantTypesOf));
  const given = new Set<string>(grantTypes.filter((type) => type === 'authorization_code' || type === 'implicit'));
  if (needed.size !== given.size || [...needed].some((type) => !given.has(type))) {
    throw invalidMetadata('response_types and grant_types do not fit together');
  }
  return asked;
}

/** A code from the token endpoint, everything from the authorization endpoint, both (OpenID Connect Core §3), or nothing. */
function flowOf(responseType: string): 'code' | 'implicit' | 'hybrid' | 'none' {
  const [first, second] = grantTypesOf(responseType);
  if (second !== undefined) return 'hybrid';
  if (first === undefined) return 'none';
  return first === 'implicit' ? 'implicit' : 'code';
}

function grantTypesOf(responseType: string): readonly string[] {
  const words = responseType.split(' ');
  const byCode = words.includes('code') ? ['authorization_code'] : [];
  return words.some((word) => word === 'token' || word === 'id_token') ? [...byCode, 'implicit'] : byCode;
}
