import { OAuthError } from '@authority/errors';
import type { ResponseMode } from '../../model/front-channel.ts';
import { find, type ParameterMap } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';

/** OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode. Discovery lists them. */
export const responseModes: readonly ResponseMode[] = ['query', 'form_post'];

export const responseMode: RequestCheck = {
  name: 'response_mode',

  check({ parameters }) {
    const response_mode = knownMode(parameters);
    if (!response_mode) throw new OAuthError('invalid_request', 'response_mode_unknown', { description: 'response_mode is not supported' });
    return { response_mode };
  },
};

/** How to answer, errors before this check included: as asked where that is possible, else the default of `code`. */
export function answerMode(parameters: ParameterMap): ResponseMode {
  return knownMode(parameters) ?? 'query';
}

function knownMode(parameters: ParameterMap): ResponseMode | undefined {
  const asked = find(parameters, 'response_mode') ?? 'query';
  return responseModes.find((mode) => mode === asked);
}
