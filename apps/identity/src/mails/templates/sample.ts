import { type MailKind, mailKinds, type MailValues, type StoredMail } from '../kinds.ts';

const at = Date.UTC(2026, 0, 15, 9, 30);
const values: Required<MailValues> = {
  code: '482915',
  link: { page: 'verification', parameters: { flow: 'example', code: '482915' } },
  expiresAt: at + 900_000,
  asked: { at, address: '192.0.2.7', userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' },
  organization: 'Example Ltd',
  inviter: 'Mira Example',
  deletesAt: at + 14 * 86_400_000,
};

/** A mail with values of nobody, for previews and tests. */
export function sampleOf(kind: MailKind): StoredMail {
  const shown: readonly string[] = mailKinds[kind];
  const link = { ...values.link, page: kind === 'recovery' || kind === 'invitation' ? kind : values.link.page };
  const own = Object.entries({ ...values, link }).filter(([name]) => shown.includes(name));
  return { kind, to: 'mira@example.com', locale: 'en', values: Object.fromEntries(own) };
}
