import { Client } from '@authority/contracts/admin';
import { type Command, Option } from 'commander';
import { count, named, several, truth } from '../command.ts';
import { type FieldOption, securityOptions } from './client-security-fields.ts';

/** The options of `clients create` and `clients update`, and the field that each of them sets. */
const options: readonly FieldOption[] = [
  { field: 'client_name', flag: '--name <name>', kind: 'text', doc: 'display name, as people see it on the consent page' },
  {
    field: 'localized',
    flag: '--localized <name#language=value>',
    kind: 'map',
    doc: 'client_name#de=Laden, tos_uri#ja=https://…: what people see in other languages; repeat for several',
  },
  { field: 'redirect_uris', flag: '--redirect-uri <uri>', kind: 'list', doc: 'where answers go, compared exactly; repeat for several' },
  {
    field: 'grant_types',
    flag: '--grant-type <type>',
    kind: 'list',
    doc: 'authorization_code, refresh_token, client_credentials, …; repeat for several',
  },
  { field: 'response_types', flag: '--response-type <type>', kind: 'list', doc: 'code when nothing is said; repeat for several' },
  {
    field: 'token_endpoint_auth_method',
    flag: '--auth-method <method>',
    kind: 'text',
    doc: 'client_secret_basic, private_key_jwt, tls_client_auth, none, …',
  },
  { field: 'scope', flag: '--scope <scopes>', kind: 'text', doc: 'scopes that it may ask for, separated by spaces' },
  { field: 'jwks_uri', flag: '--jwks-uri <uri>', kind: 'text', doc: 'where it publishes its keys (private_key_jwt)' },
  {
    field: 'id_token_signed_response_alg',
    flag: '--id-token-alg <alg>',
    kind: 'text',
    doc: 'algorithm of its ID Tokens; RS256 when nothing is said',
  },
  {
    field: 'post_logout_redirect_uris',
    flag: '--post-logout-redirect-uri <uri>',
    kind: 'list',
    doc: 'where the browser may go after logout; repeat for several',
  },
  { field: 'application_type', flag: '--application-type <type>', kind: 'text', doc: 'web or native' },
  { field: 'default_max_age', flag: '--default-max-age <seconds>', kind: 'number', doc: 'sign in again after so long; 0 for never' },
  { field: 'require_auth_time', flag: '--require-auth-time [true|false]', kind: 'flag', doc: 'auth_time is always in its ID Tokens' },
  { field: 'client_uri', flag: '--client-uri <uri>', kind: 'text', doc: 'home page' },
  { field: 'logo_uri', flag: '--logo-uri <uri>', kind: 'text', doc: 'logo' },
  { field: 'policy_uri', flag: '--policy-uri <uri>', kind: 'text', doc: 'privacy policy' },
  { field: 'tos_uri', flag: '--tos-uri <uri>', kind: 'text', doc: 'terms of service' },
  { field: 'contacts', flag: '--contact <address>', kind: 'list', doc: 'whom to contact; repeat for several' },
  {
    field: 'resource_identifier',
    flag: '--resource-identifier <uri>',
    kind: 'text',
    doc: 'it is this resource server, and may introspect tokens for it',
  },
  {
    field: 'allowed_resources',
    flag: '--allowed-resource <uri>',
    kind: 'list',
    doc: 'resources that it may ask tokens for; repeat for several',
  },
  { field: 'default_resource', flag: '--default-resource <uri>', kind: 'text', doc: 'the resource when a request names none' },
  { field: 'refresh_token_rotation', flag: '--refresh-token-rotation <when>', kind: 'text', doc: 'default, always or never' },
  {
    field: 'access_token_lifetime',
    flag: '--access-token-lifetime <seconds>',
    kind: 'number',
    doc: 'lifetime of its access tokens; 0 for the server’s',
  },
  {
    field: 'consent_skipped',
    flag: '--skip-consent [true|false]',
    kind: 'flag',
    doc: 'people are not asked (for applications of your own)',
  },
  { field: 'pkce_optional', flag: '--pkce-optional [true|false]', kind: 'flag', doc: 'PKCE may be left out (for old clients only)' },
  {
    field: 'legacy_assertion_audience',
    flag: '--legacy-assertion-audience [true|false]',
    kind: 'flag',
    doc: 'its assertions may name the token endpoint',
  },
  ...securityOptions,
  { field: 'operator', flag: '--operator [true|false]', kind: 'flag', doc: 'may hold tokens for this API' },
  { field: 'disabled', flag: '--disabled [true|false]', kind: 'flag', doc: 'gets no tokens, and those that it has stop working' },
];

export function clientOptions(command: Command): Command {
  for (const { flag, kind, doc } of options) {
    const option = new Option(flag, doc);
    if (kind === 'list') option.argParser(several);
    if (kind === 'map') option.argParser(named);
    if (kind === 'number') option.argParser(count);
    if (kind === 'flag') option.argParser(truth);
    command.addOption(option);
  }
  return command;
}

/** The fields that were given, and their names for the update mask. */
export function clientOf(command: Command): { client: Client; mask: string[] } {
  const given: Record<string, unknown> = {};
  for (const { field, flag } of options) {
    const value: unknown = command.getOptionValue(new Option(flag).attributeName());
    if (value !== undefined) given[field] = value;
  }
  // Each option's parser gives the type of its field.
  return { client: Client.fromPartial(given as Partial<Client>), mask: Object.keys(given) };
}
