import { readLocalized } from './localized.ts';
import { invalidMetadata, type Metadata, present } from './metadata.ts';

/** What people see of a client, and what software it is (RFC 7591 §2). */
export function readPresentation(metadata: Metadata) {
  return present({
    ...readLocalized(metadata),
    contacts: metadata.texts('contacts', 20),
    software_id: metadata.text('software_id', 200),
    software_version: metadata.text('software_version', 200),
    initiate_login_uri: readInitiateLogin(metadata),
  });
}

/** OpenID Connect Core §4: https. */
function readInitiateLogin(metadata: Metadata): string | undefined {
  const uri = metadata.webAddress('initiate_login_uri');
  if (uri !== undefined && !uri.startsWith('https://')) throw invalidMetadata('initiate_login_uri is not https');
  return uri;
}
