import { find } from '../primitives/parameters.ts';
import type { ClientAuthenticationMethod } from './method.ts';

/** A public client only says who it is (RFC 6749 §3.2.1, OpenID Connect Core §9 `none`). */
export const none: ClientAuthenticationMethod = {
  name: 'none',

  present(request, parameters) {
    const client_id = find(parameters, 'client_id');
    if (client_id === undefined || request.authorization !== '') return undefined;
    if (parameters.has('client_secret') || parameters.has('client_assertion')) return undefined;
    if (parameters.has('client_assertion_type')) return undefined;
    return { client_id, verify: () => undefined };
  },
};
