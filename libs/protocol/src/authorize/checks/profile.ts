import { find } from '../../primitives/parameters.ts';
import { assertRequestFits, rulesFor } from '../../profiles/index.ts';
import type { RequestCheck } from '../request.ts';

/** What the profile of the client or of the server refuses, though it would be allowed without one. */
export const profile: RequestCheck = {
  name: 'profile',

  check({ parameters, ports }, destination, { responseType }) {
    const openId = (find(parameters, 'scope') ?? '').split(' ').includes('openid');
    const request = { ...destination, responseType: responseType?.name ?? '', openId };
    assertRequestFits(request, rulesFor(destination.client, ports.policy));
    return {};
  },
};
