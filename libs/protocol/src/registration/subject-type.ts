import { deviceCode } from '../grants/device-code.ts';
import type { ClientRegistration, RegistrationPolicy } from '../model/registration.ts';
import type { SectorIdentifiers } from '../ports.ts';
import { invalidMetadata, type Metadata, present } from './metadata.ts';

/** Whether the client knows people by the names that all know, or by its own (OpenID Connect Core §8). */
export function readSubjectType(
  metadata: Metadata,
  redirectUris: readonly string[],
  grantTypes: readonly string[],
  { operator }: RegistrationPolicy,
) {
  const subject_type = metadata.optionalChoice('subject_type', ['public', 'pairwise']);
  const sector_identifier_uri = metadata.webAddress('sector_identifier_uri');
  if (sector_identifier_uri !== undefined && (!sector_identifier_uri.startsWith('https://') || sector_identifier_uri.includes('#'))) {
    throw invalidMetadata('sector_identifier_uri is not https');
  }
  // §8.1: which of several hosts is meant can't be known, and a private-use scheme has none.
  const hosts = new Set(redirectUris.map((uri) => (/^https?:/i.test(uri) ? new URL(uri).hostname : '')));
  if (subject_type === 'pairwise' && sector_identifier_uri === undefined && (hosts.size !== 1 || hosts.has(''))) {
    throw invalidMetadata('sector_identifier_uri is needed for pairwise subjects unless all redirect_uris have one host');
  }
  // Tokens that reach the client past its redirect URIs would tell it what the owner of their host calls people.
  if (subject_type === 'pairwise' && grantTypes.includes(deviceCode.type) && operator !== true) {
    throw invalidMetadata('pairwise subjects and the device grant together are for the operator to allow');
  }
  return present({ subject_type, sector_identifier_uri });
}

/** OpenID Connect Registration §5: who publishes the sector names every redirect URI, or two parties could share one. */
export async function assertSectorIdentifier(registration: ClientRegistration, sectorIdentifiers: SectorIdentifiers): Promise<void> {
  const { sector_identifier_uri, redirect_uris } = registration;
  if (sector_identifier_uri === undefined) return;
  const published = await sectorIdentifiers.find(sector_identifier_uri);
  if (published === undefined) throw invalidMetadata('sector_identifier_uri does not answer with a JSON array of redirect URIs');
  if (redirect_uris.length === 0) throw invalidMetadata('sector_identifier_uri needs redirect_uris');
  if (!redirect_uris.every((uri) => published.includes(uri))) {
    throw invalidMetadata('what sector_identifier_uri answers does not hold all redirect_uris');
  }
}
