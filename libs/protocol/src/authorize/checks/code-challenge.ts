import { OAuthError, type Reason } from '@authority/errors';
import { isPublic } from '../../model/client.ts';
import { isCodeChallenge } from '../../primitives/code-challenge.ts';
import { find } from '../../primitives/parameters.ts';
import type { RequestCheck } from '../request.ts';

/** Challenge methods that this server takes; `plain` is none (RFC 9700 §2.1.1). Discovery lists them. */
export const codeChallengeMethods: readonly string[] = ['S256'];

/** PKCE by S256 (RFC 7636 §4.3) wherever a code is answered, from every client but confidential ones that were registered without (RFC 9700 §2.1.1). */
export const codeChallenge: RequestCheck = {
  name: 'code_challenge',

  check({ parameters }, { client }, { responseType }) {
    if (responseType?.code === false) return {};
    const code_challenge = find(parameters, 'code_challenge');
    const method = find(parameters, 'code_challenge_method');
    if (code_challenge === undefined) {
      if (method !== undefined) throw refusal('code_challenge_missing', 'code_challenge is missing');
      if (client.pkceOptional && !isPublic(client)) return {};
      throw refusal('code_challenge_missing', 'code_challenge is missing');
    }
    // Left out, the method is plain (RFC 7636 §4.3).
    if (method !== 'S256') throw refusal('code_challenge_method_plain', 'code_challenge_method must be S256');
    if (!isCodeChallenge(code_challenge)) throw refusal('code_challenge_malformed', 'code_challenge is malformed');
    return { code_challenge };
  },
};

/** RFC 7636 §4.4.1: invalid_request. */
function refusal(reason: Reason, description: string): OAuthError {
  return new OAuthError('invalid_request', reason, { description });
}
