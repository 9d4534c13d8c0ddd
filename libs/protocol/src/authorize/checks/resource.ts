import { OAuthError } from '@authority/errors';
import { adminResource } from '../../endpoints/paths.ts';
import { assertTogether, readResources } from '../../tokens/audience.ts';
import { assertScopesMeanSomething } from '../../tokens/token-profile.ts';
import type { RequestCheck } from '../request.ts';

/**
 * The resources that access tokens will be for (RFC 8707 §2.1): several where a code is answered, of which each token
 * request names one; an access token of the browser is for one alone. The operators' API is none that a person can give.
 */
export const resource: RequestCheck = {
  name: 'resource',

  check({ parameters, ports }, { client }, { responseType, scopes = [] }) {
    const resources = readResources(parameters.get('resource'), client, ports);
    if (resources.includes(adminResource(ports.issuer))) throw new OAuthError('invalid_target', 'resource_not_allowed');
    if (responseType?.accessToken) assertTogether(resources, ports);
    assertScopesMeanSomething(scopes, resources, ports);
    return { resources };
  },
};
