import { type Queryable, statement } from '@authority/postgres';
import type { Asked } from '../accounts/asked.ts';
import { isAddress } from '../mails/address.ts';
import type { Mails } from '../mails/mails.ts';

/** What a person is told of by mail when a credential of theirs has changed, or a new browser signed in. */
export type NoticeKind =
  | 'totp_on'
  | 'totp_off'
  | 'recovery_codes_made'
  | 'passkey_added'
  | 'passkey_removed'
  | 'password_changed'
  | 'password_recovered'
  | 'email_changed'
  | 'new_sign_in';

/** Tells a person of a change, in its transaction. */
export type Notice = (tx: Queryable, sub: string, kind: NoticeKind, asked: Asked) => Promise<void>;

// A verified address before others; whom an earlier release has registered has an identifier only.
const addressOf = statement(
  'notice_address',
  `(SELECT value FROM addresses WHERE sub = $1 AND kind = 'email' ORDER BY verified_at NULLS LAST, value LIMIT 1)
   UNION ALL (SELECT value FROM identifiers WHERE sub = $1 AND kind = 'email' LIMIT 1) LIMIT 1`,
);

/** By mail to an address of the person's; who has none is not told. */
export const mailNotices =
  (mails: Mails): Notice =>
  async (tx, sub, kind, { at, address, userAgent, locale }) => {
    const [row] = await tx.query<{ value: string }>(addressOf, [sub]);
    // An identifier may be spelled in a way that no envelope can carry; the change itself must not fail by it.
    if (row && isAddress(row.value)) await mails.send(tx, { kind, to: row.value, locale, values: { asked: { at, address, userAgent } } });
  };
