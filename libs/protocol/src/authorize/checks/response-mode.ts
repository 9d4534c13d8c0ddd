import { OAuthError } from '@authority/errors';
import type { ResponseMode } from '../../model/front-channel.ts';
import { find, type ParameterMap } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';
import { findResponseType, responseModesOf, responseTypeRegistry } from '../response-types.ts';

/** OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode. Discovery lists them. */
export const responseModes: readonly ResponseMode[] = (['query', 'fragment', 'form_post'] as const).filter((mode) =>
  responseTypeRegistry.some((type) => responseModesOf(type).includes(mode)),
);

export const responseMode: RequestCheck = {
  name: 'response_mode',

  check({ parameters }, { redirect_uri }) {
    const response_mode = allowedMode(parameters, redirect_uri);
    if (!response_mode) throw new OAuthError('invalid_request', 'response_mode_unknown', { description: 'response_mode is not supported' });
    return { response_mode };
  },
};

/** How to answer, errors before this check included: as asked where that is possible, else the default of the type. */
export function answerMode(parameters: ParameterMap, redirect_uri: string): ResponseMode {
  return allowedMode(parameters, redirect_uri) ?? modesOf(parameters)[0];
}

function allowedMode(parameters: ParameterMap, redirect_uri: string): ResponseMode | undefined {
  const modes = modesOf(parameters);
  const asked = find(parameters, 'response_mode');
  // A form is posted to web addresses alone: an app that has a private-use scheme is opened, and reads no body (Form Post §2).
  if (asked === 'form_post' && !/^https?:/i.test(redirect_uri)) return undefined;
  // A fragment is read by every script of the page, and goes along where the page redirects to (RFC 9700 §4.2.4, §4.11): a
  // code only where a challenge makes it worthless to others.
  if (asked === 'fragment' && modes[0] === 'query' && !parameters.has('code_challenge') && bringsCode(parameters)) return undefined;
  return asked === undefined ? modes[0] : modes.find((mode) => mode === asked);
}

const bringsCode = (parameters: ParameterMap): boolean => findResponseType(find(parameters, 'response_type') ?? '')?.code !== false;

/**
 * Of a type that is not ours the words say how its client reads errors: one that names a token looks in the fragment
 * (Multiple Response Types §3, §5), the others in the query.
 */
function modesOf(parameters: ParameterMap): readonly [ResponseMode, ...ResponseMode[]] {
  const asked = find(parameters, 'response_type') ?? '';
  const words = asked.split(' ');
  const guessed = { name: '', code: true, idToken: words.includes('id_token'), accessToken: words.includes('token') };
  return responseModesOf(findResponseType(asked) ?? guessed);
}
