import { createHash } from 'node:crypto';
import { OAuthError } from '@authority/errors';
import type { TrustedIssuer } from '../model/trusted-issuer.ts';
import type { ProtocolPorts } from '../ports.ts';
import { isSubject } from '../primitives/identifiers.ts';

const prefix = 'urn:authority:external:';

/**
 * The subject of a token that rests on an assertion. Somebody of another issuer gets a name made from issuer and subject
 * together (a `sub` is unique within its issuer alone, OpenID Connect Core §5.7); its colons keep it apart from every person
 * (a UUID) and every client_id. Whoever is named as a person here must be one, and not be disabled.
 */
export async function subjectOf(sub: string, issuer: TrustedIssuer, { identities }: Pick<ProtocolPorts, 'identities'>): Promise<string> {
  if (issuer.subjects === 'external') return externalSubject(issuer.issuer, sub);
  const known = isSubject(sub) && (await identities.claims(sub, [], []));
  if (!known) throw new OAuthError('invalid_grant', 'assertion_subject_foreign', { description: 'the assertion is not valid' });
  return sub;
}

/** As JSON, so that no two pairs are one text. */
export function externalSubject(iss: string, sub: string): string {
  return (
    prefix +
    createHash('sha256')
      .update(JSON.stringify([iss, sub]))
      .digest('base64url')
  );
}
