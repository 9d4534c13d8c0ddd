import { normalizeEmail } from '../accounts/email.ts';
import { normalizePhone } from '../accounts/phone.ts';

/** The formats that are asserted (JSON Schema 2020-12 §7.3), and what else there is to say to whoever typed something else. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  email: (text) => normalizeEmail(text) !== undefined,
  phone: (text) => normalizePhone(text) !== undefined,
  // Web addresses only: applications make links of them.
  uri: (text) => /^https?:\/\/[^\s"<>\\^`{|}]+$/i.test(text) && URL.canParse(text),
  date: isDate,
  language: isLanguage,
  timezone: isTimeZone,
};

/** full-date (RFC 3339 §5.6). */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** A tag of BCP 47. */
function isLanguage(text: string): boolean {
  try {
    return text.length <= 35 && Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

/** A name of the time zone database: `Europe/Berlin`. */
function isTimeZone(text: string): boolean {
  try {
    return text.length <= 64 && /^[A-Za-z]/.test(text) && new Intl.DateTimeFormat('en', { timeZone: text }) !== undefined;
  } catch {
    return false;
  }
}
