import { OAuthError } from '@authority/errors';
import { type Outbound, OutboundError } from '@authority/outbound';
import type { RequestObjects } from '@authority/protocol';

const mostBytes = 32 * 1024;

/** Request objects at the addresses that clients registered (RFC 9101 §5.2): asked each time, nothing is kept. */
export class OutboundRequestObjects implements RequestObjects {
  constructor(private readonly outbound: Outbound) {}

  async fetch(uri: string): Promise<string> {
    try {
      const accept = 'application/oauth-authz-req+jwt, application/jwt';
      const { status, body } = await this.outbound.fetch(withoutFragment(uri), { accept, maxBytes: mostBytes });
      if (status === 200) return body.toString('latin1').trim(); // a JWT is ASCII; what is not fails its grammar
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      throw unavailable(error);
    }
    throw unavailable(undefined);
  }
}

/** A fragment is never sent (RFC 9110 §7.1); here it only tells versions of an object apart. */
function withoutFragment(uri: string): string {
  return uri.split('#', 1)[0] ?? uri;
}

function unavailable(cause: unknown): OAuthError {
  return new OAuthError('invalid_request_uri', 'request_uri_unavailable', { description: 'request_uri does not answer', cause });
}
