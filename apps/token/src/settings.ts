import { isOperatorScope, isScopeToken, type Policy, profiles } from '@authority/protocol';
import {
  type Definition,
  defineSettings,
  durationSetting,
  flagSetting,
  numberSetting,
  type Settings,
  wordSetting,
} from '@authority/settings';

const documentsTaken = ['off', 'allowlist', 'any'] as const;

/** Words separated by spaces, each of which must pass. */
function textSetting(value: string, description: string, isWord: (word: string) => boolean): Definition<string> {
  return {
    default: value,
    description,
    parse: (given) => {
      if (typeof given !== 'string' || given.length > 4096) throw new Error('must be a text of at most 4096 characters');
      const wrong = words(given).find((word) => !isWord(word));
      if (wrong !== undefined) throw new Error(`holds ${wrong.slice(0, 80)}, which is not allowed`);
      return given;
    },
  };
}

function isHost(word: string): boolean {
  const name = word.startsWith('*.') ? word.slice(2) : word;
  return URL.canParse(`https://${name}/`) && new URL(`https://${name}/`).host === name;
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Behaviour that the operator can change while the service runs: rows of this service. */
export const tokenSettingDefinitions = defineSettings({
  'token.access_token_lifetime': durationSetting(5 * minute, 'How long an access token lives.', { min: 10, max: day }),
  'token.code_lifetime': durationSetting(minute, 'How long an authorization code may be redeemed.', { min: 5, max: 10 * minute }),
  'token.refresh_grace': durationSetting(
    10,
    'How long the refresh token before the current one still answers with the current one, for clients that lost an answer.',
    { min: 0, max: minute },
  ),
  'token.offline_grant_lifetime': durationSetting(30 * day, 'Absolute life of a grant that does not end with its session.', {
    min: hour,
    max: 366 * day,
  }),
  'token.interaction_lifetime': durationSetting(hour, 'How long a person may take to sign in and to consent.', {
    min: 5 * minute,
    max: day,
  }),
  'token.par_lifetime': durationSetting(minute, 'How long a pushed authorization request may be begun.', { min: 5, max: 10 * minute }),
  'token.require_pushed_authorization_requests': flagSetting(false, 'Every client must push its authorization requests.'),
  'token.require_signed_request_object': flagSetting(false, 'Every client must sign its authorization requests.'),
  'token.device_code_lifetime': durationSetting(10 * minute, 'How long a person may take to type the code that a device shows.', {
    min: minute,
    max: hour,
  }),
  'token.device_poll_interval': durationSetting(5, 'How long a device waits between two polls.', { min: 1, max: minute }),
  'token.user_code_window': durationSetting(10 * minute, 'The window in which wrong codes of devices, and devices, are counted.', {
    min: 10,
    max: day,
  }),
  'token.user_code_attempts': numberSetting(10, 'Wrong codes of devices that one person may type in a window.', { min: 3, max: 10_000 }),
  'token.user_code_address_attempts': numberSetting(50, 'Wrong codes of devices from one address in a window.', { min: 3, max: 100_000 }),
  'token.user_code_server_attempts': numberSetting(
    1000,
    'Wrong codes of devices from everybody together in a window; then nobody can connect a device until it ends.',
    { min: 10, max: 1_000_000 },
  ),
  'token.device_address_requests': numberSetting(
    100,
    'Devices that may begin to connect from one address in that window, in the name of public clients.',
    { min: 1, max: 1_000_000 },
  ),
  'token.frontchannel_logout': flagSetting(
    false,
    'A sign-out loads the pages of the clients of the session in frames. Browsers that block third-party cookies break it.',
  ),
  'token.session_management': flagSetting(
    false,
    'Answers have session_state, and pages may ask in a frame whether it changed. Browsers that block third-party cookies break it.',
  ),
  'token.revocation_staleness': durationSetting(
    2,
    'How long a replica that cannot ask what was revoked still answers introspection and UserInfo.',
    { min: 2, max: hour },
  ),
  'token.key_activation_delay': durationSetting(
    10 * minute,
    'How long a new signing key is published before it signs, so that every verifier has seen it.',
    { min: 5, max: 7 * day },
  ),
  'token.dpop_nonce': wordSetting(
    'required',
    'Whether DPoP proofs need a nonce that the server gave (RFC 9449 §8). Optional: those without one are judged by the clock of their client.',
    ['required', 'optional'],
  ),
  'token.client_documents': wordSetting(
    'off',
    'Whether a client_id may be the address of the client’s metadata, which is then fetched: of hosts on a list, or of any (docs/how-to/mcp.md).',
    documentsTaken,
  ),
  'token.client_document_hosts': textSetting(
    '',
    'Hosts of such addresses, separated by spaces; `*.example.com` for all names below.',
    isHost,
  ),
  'token.client_document_scopes': textSetting(
    '',
    'Scopes that clients with such ids may ask for, separated by spaces; empty: the standard OpenID scopes.',
    (scope) => isScopeToken(scope) && !isOperatorScope(scope),
  ),
  'token.profile': wordSetting(
    'none',
    'What every client must keep to: whatever a profile refuses is refused to all (docs/how-to/profiles.md).',
    ['none', ...profiles],
  ),
});

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

export type TokenSettings = Pick<Settings<typeof tokenSettingDefinitions>, 'get'>;

/** Classes that sign-in reaches, weakest first; the words are identity's own (OpenID Connect Core §2, `acr`). */
const acrValues = ['urn:authority:acr:password', 'urn:authority:acr:mfa', 'urn:authority:acr:phishing-resistant'] as const;

export function policyFrom(settings: TokenSettings): Policy {
  return {
    accessTokenLifetime: () => settings.get('token.access_token_lifetime'),
    codeLifetime: () => settings.get('token.code_lifetime'),
    interactionLifetime: () => settings.get('token.interaction_lifetime'),
    pushedRequestLifetime: () => settings.get('token.par_lifetime'),
    pushedRequestsRequired: () => settings.get('token.require_pushed_authorization_requests'),
    signedRequestObjectsRequired: () => settings.get('token.require_signed_request_object'),
    frontchannelLogout: () => settings.get('token.frontchannel_logout'),
    sessionManagement: () => settings.get('token.session_management'),
    offlineGrantLifetime: () => settings.get('token.offline_grant_lifetime'),
    deviceCodeLifetime: () => settings.get('token.device_code_lifetime'),
    devicePollInterval: () => settings.get('token.device_poll_interval'),
    acrValues: () => acrValues,
    dpopNonceRequired: () => settings.get('token.dpop_nonce') === 'required',
    clientDocuments: () => ({
      taken: documentsTaken.find((word) => word === settings.get('token.client_documents')) ?? 'off',
      hosts: words(settings.get('token.client_document_hosts')),
      scopes: words(settings.get('token.client_document_scopes')),
    }),
    profile: () => profiles.find((profile) => profile === settings.get('token.profile')),
  };
}
