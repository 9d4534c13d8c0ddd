import { IdentityServiceService } from '@authority/contracts/identity';
import { PullFeedResponse, type PullFeedRequest } from '@authority/contracts/rpc';
import type { Runtime } from '@authority/rpc';
import type { SignIns } from '../sessions/ports.ts';

/** What session asks of identity. */
export interface IdentityPeer extends SignIns {
  pullFeed(pull: PullFeedRequest): Promise<PullFeedResponse>;
}

export function identityPeer(runtime: Runtime): IdentityPeer {
  const identity = runtime.connect('identity', IdentityServiceService);
  return {
    async redeem(completion, browser) {
      const { sub, amr, acr, auth_time_ms } = await identity.redeemCompletion({ completion, browser });
      return { sub, amr, acr, authTime: auth_time_ms };
    },
    async attest({ sid, sub, browser, amr, acr, authTime }) {
      const request = { sid, sub, browser, amr: [...amr], acr, auth_time_ms: authTime };
      return (await identity.attest(request)).attestation;
    },
    async pullFeed(pull) {
      const { feed } = await identity.pullFeed({ pull }, { timeoutMs: pull.wait_ms + 3000, idempotent: true });
      return feed ?? PullFeedResponse.create({ cursor: pull.cursor });
    },
  };
}
