import { redirectUriFault } from '../primitives/redirect-uri.ts';
import { invalidMetadata, type Metadata, present } from './metadata.ts';

/** Where a client hears that a session has ended (Back-Channel Logout §2.2, Front-Channel Logout §2). */
export function readLogout(metadata: Metadata, redirectUris: readonly string[]) {
  const backchannel_logout_uri = readLogoutUri(metadata, 'backchannel_logout_uri');
  const frontchannel_logout_uri = readLogoutUri(metadata, 'frontchannel_logout_uri');
  // Front-Channel Logout §2: a page of somebody else would be framed here otherwise.
  if (frontchannel_logout_uri !== undefined && !redirectUris.some((uri) => isSameOrigin(uri, frontchannel_logout_uri))) {
    throw invalidMetadata('frontchannel_logout_uri has the origin of none of redirect_uris');
  }
  return present({
    backchannel_logout_uri,
    backchannel_logout_session_required: metadata.flag('backchannel_logout_session_required') || undefined,
    frontchannel_logout_uri,
    frontchannel_logout_session_required: metadata.flag('frontchannel_logout_session_required') || undefined,
  });
}

/** Under the rules of a web client's redirect URI: https, or loopback for development; no fragment. */
function readLogoutUri(metadata: Metadata, name: string): string | undefined {
  const uri = metadata.text(name);
  const fault = uri === undefined ? undefined : redirectUriFault(uri, 'web');
  if (fault !== undefined) throw invalidMetadata(`${name} ${fault}`);
  return uri;
}

function isSameOrigin(one: string, other: string): boolean {
  return /^https?:/.test(one) && new URL(one).origin === new URL(other).origin;
}
