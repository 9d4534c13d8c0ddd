import type { Database } from '@authority/postgres';
import type { Macs, SealedValues } from '@authority/sealing';
import type { Accounts } from '../accounts/ports.ts';
import type { Method } from '../flows/method.ts';
import type { Mails } from '../mails/mails.ts';
import { PostgresAttempts } from '../postgres/attempts.ts';
import { mailNotices } from '../postgres/notices.ts';
import { PostgresRecoveryCodes } from '../postgres/recovery-codes.ts';
import { PostgresTotps } from '../postgres/totps.ts';
import type { IdentitySettings } from '../settings.ts';
import { recoveryCode } from './recovery-code/recovery-code.ts';
import { totp } from './totp/totp.ts';

export interface SecondFactorParts {
  readonly issuer: string;
  readonly database: Database;
  readonly settings: IdentitySettings;
  readonly sealed: SealedValues;
  readonly macs: Macs;
  readonly mails: Mails;
  readonly accounts: Pick<Accounts, 'findForFlow'>;
}

/** Authenticator apps and recovery codes over their stores. */
export function secondFactors({ issuer, database, settings, sealed, macs, mails, accounts }: SecondFactorParts): readonly Method[] {
  const notice = mailNotices(mails);
  const attempts = new PostgresAttempts(database);
  const totps = new PostgresTotps(database, notice);
  const codes = new PostgresRecoveryCodes(database, notice);
  return [totp({ totps, attempts, seeds: sealed, accounts, settings, issuer }), recoveryCode({ codes, attempts, macs, sealed, settings })];
}
