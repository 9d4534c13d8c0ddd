import type { Ephemeral } from '@authority/ephemeral';
import type { Database } from '@authority/postgres';
import type { Macs } from '@authority/sealing';
import type { Accounts } from '../../accounts/ports.ts';
import { EphemeralChallenges } from '../../ephemeral/challenges.ts';
import type { Method } from '../../flows/method.ts';
import type { Mails } from '../../mails/mails.ts';
import { mailNotices } from '../../postgres/notices.ts';
import { PostgresPasskeys } from '../../postgres/passkeys.ts';
import type { Schemas } from '../../schemas/ports.ts';
import type { IdentitySettings } from '../../settings.ts';
import type { Throttle } from '../../throttle/throttle.ts';
import type { RegistrationProof } from '../email-code/registration-proof.ts';
import { MacChallenges } from './challenge.ts';
import { passkey } from './passkey.ts';
import { relyingPartyOf } from './relying-party.ts';

interface PasskeyParts {
  readonly issuer: string;
  readonly database: Database;
  readonly ephemeral: Ephemeral;
  readonly settings: IdentitySettings;
  readonly macs: Macs;
  readonly mails: Mails;
  readonly accounts: Accounts;
  readonly throttle: Pick<Throttle, 'admitRegistration'>;
  readonly schemas: Pick<Schemas, 'newest'>;
  readonly registrationSchema: () => string;
  readonly proof: Pick<RegistrationProof, 'registered'>;
  readonly now: () => number;
}

/** The method over the stores. */
export function storedPasskeys(parts: PasskeyParts): Method {
  const { issuer, database, ephemeral, settings, macs, mails, now, ...others } = parts;
  const passkeys = new PostgresPasskeys(database, mailNotices(mails));
  const challenges = new MacChallenges(macs, new EphemeralChallenges(ephemeral), now);
  const rp = relyingPartyOf(issuer, () => ({ id: settings.get('passkey.rp_id'), origins: settings.get('passkey.origins') }));
  return passkey({ ...others, passkeys, challenges, settings, rp });
}
