import { OAuthError } from '@authority/errors';
import type { Parameters } from '../model/request.ts';

/** Parameters that a check of a request reads (index.ts). Others are ignored (RFC 6749 §3.1), and so are not kept. */
const known: ReadonlySet<string> = new Set([
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce', 'resource'],
  ...['code_challenge', 'code_challenge_method', 'dpop_jkt'],
  ...['prompt', 'max_age', 'id_token_hint', 'login_hint', 'ui_locales', 'claims', 'acr_values'],
]);

/** Characters. Anybody can begin a request, or push one in the name of a public client: far above any that is meant. */
const longest = 16_384;

/** What is kept of a request while it waits. Called after its checks: what they refuse is not looked at again. */
export function keptParameters(parameters: Parameters): Parameters {
  const kept = parameters.filter(({ name }) => known.has(name));
  const size = kept.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (size > longest) throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'the request is too long' });
  return kept;
}
