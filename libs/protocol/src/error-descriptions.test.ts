import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { usualDescriptions } from '@authority/errors';
import { expect, test } from 'vitest';

/** Every `new OAuthError(…)` of the core: file, error and the text that goes along; undefined where the usual one does. */
interface Thrown {
  readonly file: string;
  readonly error: string;
  readonly text: string | undefined;
}

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.test)\.ts$/.test(file));

const thrown: readonly Thrown[] = sources.flatMap((file) => {
  const calls = readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/new OAuthError\(\s*'(\w+)',(.*?)\);/gs);
  return [...calls].map(([, error = '', rest = '']) => ({ file, error, text: /description: ['`]([^'`]*)['`]/.exec(rest)?.[1] }));
});

test('RFC 6749 appendix A.8: no description of the core leaves its grammar', () => {
  expect(thrown.length).toBeGreaterThan(60);
  const texts = thrown.flatMap(({ text }) => (text === undefined ? [] : [text]));
  expect(texts.filter((text) => !/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(text))).toEqual([]);
});

test('RFC 6749 §5.2: why a code, token or assertion is not valid is one text in each grant; the log has the reason', () => {
  const texts = new Map<string, Set<string>>();
  for (const { file, error, text } of thrown.filter((one) => one.error === 'invalid_grant')) {
    texts.set(file, (texts.get(file) ?? new Set()).add(text ?? usualDescriptions[error as 'invalid_grant']));
  }
  expect(texts.size).toBeGreaterThan(4);
  for (const [file, found] of texts) expect([file, [...found]]).toEqual([file, [expect.any(String)]]);
});

test('RFC 6749 §5.2: why a client does not authenticate is one text for all methods', () => {
  const own = thrown.filter(({ file, error }) => file.startsWith('client-authentication') && error === 'invalid_client');
  expect(own).toEqual([]);
  expect(thrown.filter(({ file, error }) => file === 'primitives/challenge.ts' && error === 'invalid_client')).toEqual([
    expect.objectContaining({ text: usualDescriptions.invalid_client }),
  ]);
});

test('RFC 6749 §4.1.2.1: whether a client is unknown or disabled, and whose a request_uri is, is not told apart', () => {
  const of = (file: string) => [...new Set(thrown.filter((one) => one.file === file).map(({ text }) => text))];
  expect(of('authorize/checks/client.ts')).toEqual(['the client is not known']);
  expect(of('authorize/delivery.ts')).toEqual(['request_uri has expired or was used', 'request_uri is not registered for this client']);
});
