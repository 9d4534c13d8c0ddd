import { invalidClient } from '../primitives/challenge.ts';
import { find } from '../primitives/parameters.ts';
import type { ClientAuthenticationMethod } from './method.ts';
import { verifySecret } from './secret.ts';

/** `client_secret` among the parameters (RFC 6749 §2.3.1). */
export const clientSecretPost: ClientAuthenticationMethod = {
  name: 'client_secret_post',

  present(request, parameters) {
    const client_secret = find(parameters, 'client_secret');
    if (client_secret === undefined) return undefined;
    const client_id = find(parameters, 'client_id');
    if (client_id === undefined) {
      // With a Basic header beside it, what counts is that there are two methods.
      if (request.authorization === '') throw invalidClient('client_authentication_missing');
      return { client_id: '', verify: () => undefined };
    }
    return { client_id, verify: (client, ports) => verifySecret(client, client_secret, ports) };
  },
};
