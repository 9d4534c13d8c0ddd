import { type Outbound, OutboundError } from '@authority/outbound';
import type { SectorIdentifiers } from '@authority/protocol';

const mostUris = 1_000;

/** The array at a sector_identifier_uri (OpenID Connect Core §8.1). Asked only when a client is registered, so nothing is kept. */
export class OutboundSectorIdentifiers implements SectorIdentifiers {
  constructor(private readonly outbound: Outbound) {}

  async find(uri: string): Promise<readonly string[] | undefined> {
    try {
      const { status, body } = await this.outbound.fetch(uri, { accept: 'application/json' });
      return status === 200 ? parse(body.toString('utf8')) : undefined;
    } catch (error) {
      // Counted and logged by outbound; to whoever registers it is the same as no array.
      if (error instanceof OutboundError) return undefined;
      throw error;
    }
  }
}

function parse(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.length <= mostUris && value.every((one) => typeof one === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
