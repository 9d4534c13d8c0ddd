import { parseBasic } from '../primitives/basic-credentials.ts';
import { invalidClient } from '../primitives/challenge.ts';
import type { ClientAuthenticationMethod } from './method.ts';
import { verifySecret } from './secret.ts';

/** `Authorization: Basic`, both parts form-urlencoded (RFC 6749 §2.3.1). */
export const clientSecretBasic: ClientAuthenticationMethod = {
  name: 'client_secret_basic',

  present(request) {
    if (request.authorization === '') return undefined;
    const credentials = parseBasic(request.authorization);
    // Another scheme, or a header that can't be read: an attempt at authentication all the same, never none.
    if (!credentials) throw invalidClient('client_authentication_method_wrong');
    const { client_id, client_secret } = credentials;
    return { client_id, verify: (client, ports) => verifySecret(client, client_secret, ports) };
  },
};
