import { OAuthError } from '@authority/errors';
import { adminResource } from '../../endpoints/paths.ts';
import { readResources } from '../../tokens/audience.ts';
import type { RequestCheck } from '../request.ts';

/** The resource that the access token is for (RFC 8707 §2.1). The operators' API is none that a person can give. */
export const resource: RequestCheck = {
  name: 'resource',

  check({ parameters, ports }, { client }) {
    const [asked, another] = readResources(parameters.get('resource'), client, ports);
    if (asked === undefined) return {};
    if (another !== undefined)
      throw new OAuthError('invalid_target', 'resource_repeated', { description: 'only one resource can be asked for' });
    if (asked === adminResource(ports.issuer)) throw new OAuthError('invalid_target', 'resource_not_allowed');
    return { resource: asked };
  },
};
