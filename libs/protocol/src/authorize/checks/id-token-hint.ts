import { OAuthError } from '@authority/errors';
import { find } from '../../primitives/parameters.ts';
import { readIdTokenHint } from '../../tokens/id-token.ts';
import { subjectFor } from '../../tokens/pairwise.ts';
import type { RequestCheck } from '../request.ts';
import { login, type PersonCheck, signedInSince } from '../situation.ts';

/** `id_token_hint` is an ID Token of ours for this client, expired or not (OpenID Connect Core §3.1.2.1). */
export const idTokenHint: RequestCheck = {
  name: 'id_token_hint',

  check({ parameters, ports }, { client }) {
    const value = find(parameters, 'id_token_hint');
    if (value === undefined) return {};
    const hint = readIdTokenHint(value, ports.signingKeys, ports.issuer);
    if (hint?.client_id !== client.client_id) {
      throw new OAuthError('invalid_request', 'id_token_hint_invalid', { description: 'id_token_hint is not valid' });
    }
    return { idTokenHint: hint };
  },
};

/** The person is the one whom the client means, or signs in as them; as somebody else, the answer is login_required. */
export const hintedSubject: PersonCheck = {
  name: 'id_token_hint',
  need(request, situation, ports) {
    const { idTokenHint: hint, client } = request;
    if (!hint || !situation.session || hint.sub === subjectFor(client, situation.session.sub, ports)) return undefined;
    if (signedInSince(situation)) throw new OAuthError('login_required', 'id_token_hint_of_other_subject');
    return login(situation);
  },
};
