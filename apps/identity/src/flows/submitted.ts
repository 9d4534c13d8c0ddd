import type { Parameter } from '@authority/contracts/rpc';
import { StatusError } from '@authority/errors';
import { fieldInvalid } from '@authority/listing';

const longestValue = 4096;
/** What a script answers: a WebAuthn response with its attestation. */
const longestAnswer = 32_768;
const mostValues = 64;

/** SHA-256 in base64url: 43 characters. A flow that is bound to nothing could be finished by anybody. */
export function assertBrowser(browser: string): void {
  if (!/^[\w-]{43}$/.test(browser)) throw fieldInvalid('browser', 'must be the SHA-256 of the browser cookie, in base64url');
}

/** The fields of the form that was submitted, and its method. */
export function readValues(parameters: readonly Parameter[]): { method: string | undefined; values: Readonly<Record<string, string>> } {
  if (parameters.length > mostValues) throw fieldInvalid('values', `must be at most ${mostValues}`);
  const values = new Map<string, string>();
  for (const { name, value } of parameters) {
    if (!/^[a-z][a-z0-9_.]{0,63}$/.test(name)) continue;
    if (values.has(name)) throw new StatusError('INVALID_ARGUMENT', 'parameter_repeated', { message: `${name} is there twice` });
    const most = name === 'answer' ? longestAnswer : longestValue;
    if (value.length > most) throw fieldInvalid(name, `must have at most ${most} characters`);
    values.set(name, value);
  }
  const method = values.get('method');
  values.delete('method');
  // No prototype: a field may be called as it likes.
  return { method, values: Object.assign(Object.create(null), Object.fromEntries(values)) };
}

/** What may be shown again. */
const secrets = /password|code|answer|secret|token/;
const longestKept = 1024;

/** What was typed, without what nobody should read later. */
export function kept(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !secrets.test(name) && value.length <= longestKept));
}

/** A hint from a request that anybody may have made: plain text, or nothing. */
export function plainHint(hint: string): string {
  const short = hint.slice(0, 254);
  return short.isWellFormed() && !/\p{Cc}/u.test(short) ? short : '';
}
